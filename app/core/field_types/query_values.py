"""Types of query parameters: several names in one, and `null`."""

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WrapValidator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from app.core.text import MAX_ENTRIES

T = TypeVar("T")

EXPLODE = "explode"  # in the schema of a parameter; the document has it beside
NULL_SCHEMA = {"type": "string", "const": "null"}


class Null(Enum):
    """The value of a filter that matches records without a value."""

    NULL = "null"


# As in a request, and as validated already.
ALSO_NULL = (Null.NULL.value, Null.NULL)


def split_names(value: Any) -> Any:
    """Return the names of `a,b`, also if the parameter is repeated."""
    if not isinstance(value, list):
        return value
    names = tuple(name for part in value for name in str(part).split(","))
    if len(names) > MAX_ENTRIES:  # each would have an error of its own
        raise ValueError(f"There are more than {MAX_ENTRIES} names")
    return names


def check_distinct(names: tuple[Any, ...]) -> tuple[Any, ...]:
    # `-price` sorts by the same field as `price`.
    if len({name.removeprefix("-") for name in names}) < len(names):
        raise ValueError("A name is repeated")
    return names


# In a query string: `sort=-priority,name`.
CommaSeparated = Annotated[
    tuple[T, ...],
    BeforeValidator(split_names),
    AfterValidator(check_distinct),
    Field(json_schema_extra={EXPLODE: False, "uniqueItems": True}),
]


class OrNull:
    """Metadata of a filter that accepts `null` as well.

    Not a union, whose errors would have another `loc`.
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(accept_null, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        own = handler(schema)
        return {"anyOf": [*own.get("anyOf", [own]), NULL_SCHEMA]}


def accept_null(value: Any, validate: Callable[[Any], Any]) -> Any:
    return Null.NULL if value in ALSO_NULL else validate(value)


OnlyNull = Annotated[Literal["null"], WrapValidator(accept_null)]
