"""JSON of a page: whole, with related records, or with some fields only."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import Field, TypeAdapter, create_model

from app.collections.lists.schemas import Related, SparsePage
from app.core.pagination import Page
from app.core.schemas import Read

RELATED = "Only with `include`, and if you may read it."
Columns = Mapping[str, Sequence[Any]]  # of each relation, a value for each item


def item_of(read: type[Read], relations: Iterable[str]) -> type[Read]:
    """Return the schema of an item: the record, with fields for related ones."""
    if not relations:
        return read
    field: Any = (Related | None, Field(None, description=RELATED))
    fields: dict[str, Any] = dict.fromkeys(relations, field)
    name = f"{read.__name__.removesuffix('Read')}Item"
    item: type[Read] = create_model(name, __base__=read, **fields)
    return item


class PageWriter:
    """Writer of one collection's pages, which are validated before."""

    def __init__(self, read: Any, item: Any) -> None:
        self.item: type[Read] = item
        self.plain = TypeAdapter[Page[Read]](Page[read])
        self.extended = TypeAdapter[Page[Read]](Page[item])
        self.items = TypeAdapter[list[Read]](list[item])

    def write(self, page: Page[Any]) -> bytes:
        return self.plain.dump_json(self.validate(page))

    def validate(self, page: Page[Any]) -> Page[Read]:
        return self.plain.validate_python(page, from_attributes=True)

    def write_some(
        self, page: Page[Read], fields: Sequence[str], related: Columns
    ) -> bytes:
        """Write these fields of the items, or all of them, and the related records."""
        items = [
            self.item.model_construct(
                **vars(item), **{name: each[place] for name, each in related.items()}
            )
            for place, item in enumerate(page.items)
        ]
        if not fields:
            whole = page.model_copy(update={"items": items})
            return self.extended.dump_json(whole, exclude_unset=True)
        shown = {"__all__": {"id", *fields, *related}}
        sparse = vars(page) | {
            "fields": fields,
            "items": self.items.dump_python(items, mode="json", include=shown),
        }
        return SparsePage.model_validate(sparse).model_dump_json().encode()
