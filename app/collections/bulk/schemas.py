"""Schemas of bulk requests and responses, as far as all collections share them."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.core.problem import Problem
from app.core.schemas import Body
from app.core.text import clean
from app.core.web.etag import TAGS

MAX_ITEMS = 1_000
IfMatch = Annotated[
    str,
    StringConstraints(pattern=rf"^([0-9]{{1,18}}|{TAGS.pattern})$"),
    Field(
        description="Do this only if the record still has this version, or this ETag.",
        examples=["3"],
    ),
]


class Bulk(Body):
    """Base of requests: their items are validated one by one, by the service."""

    atomic: bool = Field(
        True,
        description="Whether nothing is done if an item fails. `false`: the items that "
        "fail are left out, and the answer is 207.",
    )
    items: list[Any]

    @model_validator(mode="before")
    @classmethod
    def clean_text(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        rest = clean({name: it for name, it in data.items() if name != "items"})
        return rest | {"items": data["items"]} if "items" in data else rest


class BulkSuccess(BaseModel):
    """An item that was done. `record` and `etag` are null after a deletion."""

    status: int = Field(description="The status of a request of its own")
    id: UUID
    etag: str | None


class BulkFailure(BaseModel):
    """An item that was left out."""

    status: int = Field(description="The status of a request of its own")
    problem: Problem


class BulkResult(BaseModel):
    failed: int = Field(description="Number of the items that failed")
    items: list[Any]
