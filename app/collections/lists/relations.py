"""Records that those of a list refer to: which ones, and who may read them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.core.db.collections.column_kinds import label_of, references_of
from app.core.web.collections.resource import Resource


@dataclass(frozen=True)
class Relation:
    """A foreign key to another collection; `label` is the column of the name."""

    column: str
    table: str
    label: str
    permission: str


Relations = Mapping[str, Relation]


def relations_of(resource: Resource, collections: Iterable[Resource]) -> Relations:
    """Return the relations by name: `customer` for the column `customer_id`.

    Not to a collection that hides records: their names would be read all the same.
    """
    shown = (each for each in collections if not each.hides)
    targets = {each.entity.__table__.name: each for each in shown}
    references = references_of(resource.entity.__table__)
    return {
        relation_name(column): relation_to(targets[table], column)
        for column, table in references.items()
        if table in targets and is_shown(column, resource)
    }


def is_shown(column: str, resource: Resource) -> bool:
    """Return whether a relation by this name does not hide a field of the record."""
    fields = resource.read.model_fields
    return column in fields and relation_name(column) not in fields


def relation_name(column: str) -> str:
    return column.removesuffix("_id")


def relation_to(target: Resource, column: str) -> Relation:
    table = target.entity.__table__
    return Relation(
        column=column,
        table=table.name,
        label=label_of(table, target.read.model_fields),
        permission=f"{target.plural}:read",
    )
