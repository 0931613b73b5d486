"""Query and response of several records by their ids."""

import re
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field, model_validator

from app.core.fields import Id
from app.core.schemas import Strict

T = TypeVar("T")

MAX_BATCH = 200


class BatchQuery(Strict):
    id: list[Id] = Field(
        min_length=1,
        max_length=MAX_BATCH,
        description=f"1 to {MAX_BATCH} ids. A repeated one counts once.",
    )

    @model_validator(mode="before")
    @classmethod
    def clean_text(cls, data: Any) -> Any:
        """Ids have no text to clean, and are more than an array may have elsewhere."""
        return data


class Batch(BaseModel, Generic[T]):
    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name the schema of Batch[ProductRead] ProductBatch, for generated clients."""
        return re.sub("Read$", "", params[0].__name__) + "Batch"

    items: list[T] = Field(description="In the order of the ids.")
    missing: list[Id] = Field(description="The ids of which there is no record.")
