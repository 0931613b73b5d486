"""Module to generate: its names, and the checks that it fits in."""

import builtins
import keyword
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlmodel import SQLModel

from app.core.db.derived.columns import sort_key_name
from app.core.db.search.index import TAKEN_COLUMNS, is_part_of_index
from app.core.models import Entity, entities
from app.core.pagination import PageQuery
from app.core.schemas import Body, Read
from app.core.web.collections.resource import COMMON_PARAMETERS
from app.main import app
from scripts.templates.fields import Field
from scripts.templates.grammar import WORD, RefusedException, parse_field
from scripts.templates.prose import class_name

BUILT_IN = {"auth", "audit", "users", "roles", "permissions", *dir(builtins)}
# Names that every table, body or query has; a field would shadow them.
PARENTS = (Entity, Body, Read, PageQuery)
# Columns that PostgreSQL adds to each table.
SYSTEM_COLUMNS = {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}
RESERVED = {"self", "registry", "search_text"}.union(
    *(dir(parent) for parent in PARENTS),
    *(parent.model_fields for parent in PARENTS),
    TAKEN_COLUMNS,
    COMMON_PARAMETERS,
    SYSTEM_COLUMNS,
)

# Short enough for an import on one line, and for constraint names that PostgreSQL does
# not truncate.
LONGEST_NAME = 22
LONGEST_FIELD = 30

SINGULARS = {"ies": "y", "sses": "ss", "shes": "sh", "ches": "ch", "xes": "x"}


@dataclass(frozen=True)
class Module:
    name: str
    table: str
    fields: list[Field]

    @property
    def entity(self) -> str:
        return class_name(self.table)

    @property
    def labels(self) -> str:
        return self.name.replace("_", " ")

    @property
    def label(self) -> str:
        return self.table.replace("_", " ")

    @property
    def article(self) -> str:
        return "an" if self.table[0] in "aeio" else "a"

    @property
    def texts(self) -> list[Field]:
        return [field for field in self.fields if field.kind.is_text]

    @property
    def names(self) -> list[Field]:
        """Return the texts that lists are sorted by."""
        return [field for field in self.fields if field.is_collated]

    @property
    def references(self) -> list[Field]:
        return [field for field in self.fields if field.type == "ref"]


def parse_module(name: str, singular: str, words: list[str]) -> Module:
    """Return the module that the arguments describe.

    Raises:
        RefusedException: an argument is invalid, or a name is in use.
    """
    check_word(name, LONGEST_NAME, BUILT_IN)
    table = singular or singular_of(name)
    check_word(table, LONGEST_NAME, ())
    fields = [parse_field(word) for word in words]
    keys = {sort_key_name(each.name) for each in fields if each.is_collated}
    for field in fields:
        check_word(field.name, LONGEST_FIELD, RESERVED | keys)
    if not any(field.kind.is_text and not field.is_null for field in fields):
        raise RefusedException("At least one str, text or email must be non-nullable.")
    placed = [place(field, name, table) for field in fields]
    module = Module(name, table, placed)
    check_new(module)
    return module


def check_word(word: str, longest: int, reserved: Collection[str]) -> None:
    if not WORD.fullmatch(word) or len(word) > longest:
        raise RefusedException(
            f"Invalid name `{word}`: use at most {longest} of a-z, 0-9 and single _."
        )
    if keyword.iskeyword(word) or word in reserved:
        raise RefusedException(f"`{word}` is a reserved name; choose another.")


def singular_of(plural: str) -> str:
    for ending, singular in SINGULARS.items():
        if plural.endswith(ending):
            return plural.removesuffix(ending) + singular
    # Buses and warehouses, analyses and leases.
    if not re.search("[^siu]s$", plural) or re.search("([^o]u|[iy])ses$", plural):
        raise RefusedException(f"Unknown singular of {plural}; pass --singular.")
    return plural.removesuffix("s")


def place(field: Field, module: str, table: str) -> Field:
    """Set the field's entity, and the table that it refers to if it is a `ref`."""
    entity, target = class_name(table), field.argument
    if field.type != "ref":
        return replace(field, entity=entity)
    if target == module and not field.is_null:
        raise RefusedException(
            f"`{field.name}` refers to {module} itself: the first record could not. "
            "Make it nullable."
        )
    tables = {each.__module__: each.__table__.name for each in entities()}
    tables |= {f"app.modules.{module}.models": table}
    if home := tables.get(f"app.modules.{target}.models"):
        return replace(field, entity=entity, table=home)
    raise RefusedException(f"`{field.name}` refers to unknown module {target}.")


def check_new(module: Module) -> None:
    """Reject a module whose path, table or class exists."""
    document = app.openapi()
    address = f"/api/v1/{module.name}/"
    if any(f"{path}/".startswith(address) for path in document["paths"]):
        raise RefusedException(f"The path /api/v1/{module.name} already exists.")
    if module.table in SQLModel.metadata.tables or is_part_of_index(module.table):
        raise RefusedException(f"The table `{module.table}` already exists.")
    classes = {entity.__name__ for entity in Entity.__subclasses__()}
    for schema in document["components"]["schemas"]:
        classes.add(re.sub("(Create|Update|Read|Query|Page)$", "", schema))
    if module.entity in classes:
        raise RefusedException(f"The class `{module.entity}` already exists.")
