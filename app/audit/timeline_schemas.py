"""What clients send and receive about a record's past."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from app.core.fields import Flag, Instant, Whole
from app.core.schemas import Body, Strict


class HistoryQuery(Strict):
    limit: Whole = Field(50, ge=1, le=200, description="How many items at most.")
    cursor: Whole | None = Field(
        None, ge=1, le=2**31 - 1, description="`next` of the stretch before."
    )


class PastQuery(Strict):
    as_of: Instant


class RevertQuery(Strict):
    dry_run: Flag = Field(False, description="Only tell what would change.")


class Revert(Body):
    to_version: Annotated[int, Field(ge=1, le=2**31 - 1, examples=[1])]


class Difference(BaseModel):
    """What a revert would change: field → its value now, and the one it would get."""

    to_version: int
    changes: dict[str, tuple[Any, Any]]

    @classmethod
    def between(cls, version: int, now: BaseModel, then: BaseModel) -> Self:
        old, new = now.model_dump(mode="json"), then.model_dump(mode="json")
        changes = {
            name: (old[name], new[name]) for name in new if old[name] != new[name]
        }
        return cls(to_version=version, changes=changes)
