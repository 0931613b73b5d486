"""Pages of the logs."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class CursorPage(BaseModel, Generic[T]):
    """One page of a log, newest first, and the cursor of the next page."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        return f"{params[0].__name__.removesuffix('Read')}Page"

    items: list[T]
    next: str | None = Field(
        description="The `cursor` of the next page; null on the last page."
    )


class CompletePage(CursorPage[T], Generic[T]):
    """One page of the change log, and up to where the log is complete.

    Send `complete_until` of the first page as `after`, to get what was committed since,
    or as `Last-Event-ID`, to follow the changes.
    """

    complete_until: str = Field(
        description="Send as `after` in the next poll, or as `Last-Event-ID`."
    )
