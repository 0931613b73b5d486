"""Exceptions of personal data."""

from collections.abc import Iterable

from app.core.exceptions import ConflictException, UnavailableException


class KeysUnavailableException(UnavailableException):
    """The store of the keys does not answer: nothing is written in clear instead."""

    def __init__(self) -> None:
        super().__init__("The keys of personal data are unavailable")


class HiddenValuesException(ConflictException):
    """A version has values that were erased, so it can't be reverted to."""

    code = "erased"

    def __init__(self, name: str, columns: Iterable[str]) -> None:
        names = ", ".join(sorted(columns))
        super().__init__(
            f"This {name} can't have these values again, because their key was "
            f"destroyed or is missing: {names}"
        )
