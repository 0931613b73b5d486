"""Schemas of bulk requests and responses of one collection, made of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union

from pydantic import Field, WrapValidator, create_model

from app.collections.bulk.schemas import (
    MAX_ITEMS,
    Bulk,
    BulkFailure,
    BulkResult,
    BulkSuccess,
    IfMatch,
)
from app.core.fields import Id
from app.core.schemas import Strict
from app.core.web.collections.resource import Resource


@dataclass(frozen=True)
class BulkSchemas:
    items: dict[str, type[Strict]]  # by op
    request: type[Bulk]
    success: type[BulkSuccess]
    result: type[BulkResult]


def schemas_of(resource: Resource) -> BulkSchemas:
    name = resource.entity.__name__
    read: Any = resource.read
    success: Any = create_model(
        f"{name}BulkSuccess", __base__=BulkSuccess, record=(read | None, ...)
    )
    outcomes: Any = list[success | BulkFailure]
    result = create_model(
        f"{name}BulkResult", __base__=BulkResult, items=(outcomes, ...)
    )
    items = items_of(resource, name)
    return BulkSchemas(items, request_of(resource, name, items), success, result)


def items_of(resource: Resource, name: str) -> dict[str, type[Strict]]:
    existing: dict[str, Any] = {"id": (Id, ...), "if_match": (IfMatch | None, None)}
    fields: dict[str, dict[str, Any]] = {
        "create": {"data": (resource.create, ...)},
        "update": {**existing, "data": (resource.update, ...)},
        "delete": existing,
    }
    return {op: item_of(name, op, of_op) for op, of_op in fields.items()}


def item_of(name: str, op: str, fields: dict[str, Any]) -> type[Strict]:
    fields = {"op": (Literal[op], ...), **fields}
    return create_model(f"{name}Bulk{op.title()}", __base__=Strict, **fields)


def request_of(
    resource: Resource, name: str, items: dict[str, type[Strict]]
) -> type[Bulk]:
    union: Any = Union[*items.values()]
    item: Any = Annotated[union, Field(discriminator="op")]
    documented: Any = list[Annotated[item, WrapValidator(unvalidated)]]
    example = resource.create.model_json_schema()["examples"][0]
    fields = resource.create.model_fields.items()
    # Without the optional ones: they may refer to records that do not exist.
    data = {it: example[it] for it, field in fields if field.is_required()}
    limits = Field(
        min_length=1,
        max_length=MAX_ITEMS,
        examples=[[{"op": "create", "data": data}]],
    )
    return create_model(f"{name}Bulk", __base__=Bulk, items=(documented, limits))


def unvalidated(value: Any, _: Callable[[Any], Any]) -> Any:
    return value
