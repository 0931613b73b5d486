"""Filters of a collection that accept `null`: with no line in its slice."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, get_args, get_origin

from pydantic import Field, create_model
from pydantic.fields import FieldInfo

from app.core.db.collections.column_kinds import nullable_names
from app.core.field_types.query_values import OnlyNull, OrNull
from app.core.models import Entity
from app.core.pagination import SORT, PageQuery
from app.core.schemas import Read

NULL = "`null`: records without one."


@lru_cache
def with_null_filters(
    query: type[PageQuery], entity: type[Entity], read: type[Read]
) -> type[PageQuery]:
    """Return the query with a filter for each column that can be null and is shown."""
    shown = [
        each for each in nullable_names(entity.__table__) if each in read.model_fields
    ]
    fields: dict[str, Any] = {
        name: null_filter(query.model_fields.get(name)) for name in shown
    }
    sort = query.model_fields["sort"]
    fields["sort"] = (
        annotated(sort.annotation, sort.metadata),
        Field((), description=SORT, json_schema_extra=sort.json_schema_extra),
    )
    extended: type[PageQuery] = create_model(query.__name__, __base__=query, **fields)
    return extended


def null_filter(own: FieldInfo | None) -> tuple[Any, Any]:
    """Return the field of a filter that accepts `null`, besides what it accepts now."""
    if own is None:
        return OnlyNull | None, Field(None, description=NULL)
    described = " ".join(filter(None, (own.description, NULL)))
    accepted = annotated(accepting_null(own.annotation), own.metadata)
    return accepted, Field(None, description=described)


def accepting_null(annotation: Any) -> Any:
    """Return the type of a filter, or a list of them, that accepts `null` as well."""
    for option in (annotation, *get_args(annotation)):
        if get_origin(option) is list:
            item: Any = annotated(get_args(option)[0], [OrNull()])
            return list[item] | None
    return annotated(annotation, [OrNull()])


def annotated(annotation: Any, metadata: Iterable[Any]) -> Any:
    for each in metadata:
        annotation = Annotated[annotation, each]
    return annotation
