"""Parts of the responses of lists: related records, and pages of some fields."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Related(BaseModel):
    """A record that another one refers to."""

    id: UUID
    name: str


class SparseItem(BaseModel):
    """Some fields of a record."""

    model_config = ConfigDict(extra="allow")

    id: UUID


class SparsePage(BaseModel):
    """A page of records with the fields that the request names."""

    fields: list[str] = Field(description="The fields of the items, besides `id`.")
    items: list[SparseItem]
    total: int | None = Field(description="Matching items; null with `count=false`.")
    limit: int
    offset: int
