"""Query of a list, with the parameters that choose what of its records is shown."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field, create_model

from app.core.field_types.query_values import CommaSeparated
from app.core.pagination import PageQuery
from app.core.schemas import Read

FIELDS = "Only these fields of the items, besides `id`. The response is a SparsePage."
INCLUDE = (
    "Add `id` and `name` of the records that the items refer to; null if there is "
    "none. Left out if you may not read them."
)


def list_query(
    query: type[PageQuery], read: type[Read], relations: Iterable[str]
) -> type[PageQuery]:
    """Return the query with `fields`, and with `include` if there are relations."""
    added = {"fields": names(read.shown(), FIELDS)}
    if relations:
        added["include"] = names(relations, INCLUDE)
    extended: type[PageQuery] = create_model(query.__name__, __base__=query, **added)
    return extended


def names(allowed: Iterable[str], description: str) -> Any:
    name: Any = Literal[tuple(allowed)]
    return CommaSeparated[name], Field((), description=description)
