"""Sessions that are used after their end: nothing would release their connection."""

from typing import Any, NoReturn

from sqlalchemy.exc import InvalidRequestError


def reject_use(*_: Any) -> NoReturn:
    raise InvalidRequestError(
        "This session has ended with its request, or its block: work that goes on, "
        "such as a background task, opens its own with Database.writing() or reading()"
    )


class EndedReads:
    """The connection of a reading session that has ended."""

    async def rows(self, *_: Any) -> NoReturn:
        reject_use()

    async def each_part(self, *_: Any) -> NoReturn:
        reject_use()

    def release(self) -> None:
        """Do nothing: there is no connection."""


ENDED = EndedReads()
