"""Versions of new rows: from 1, or on from the last one of a deleted row."""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID


class Restored:
    """The last versions of the rows that are restored, by id.

    A version is asked for without the row: in the order in which the rows of a table
    were announced.
    """

    def __init__(self, last: Mapping[UUID, int]) -> None:
        self.last = last
        self.announced = deque[int]()


_restored: ContextVar[Restored | None] = ContextVar("restored", default=None)


@contextmanager
def counting_from(last: Mapping[UUID, int]) -> Iterator[None]:
    """Let the rows with these ids continue from these versions."""
    token = _restored.set(Restored(last))
    try:
        yield
    finally:
        _restored.reset(token)


def announce(id: UUID) -> None:
    """Note a row that is about to be inserted."""
    if restored := _restored.get():
        restored.announced.append(restored.last.get(id, 0))


def next_version(version: int | None) -> int:
    """Return the version after this one; None stands for the next announced row."""
    if version is None and (restored := _restored.get()):
        version = restored.announced.popleft()
    return (version or 0) + 1


def is_restored(id: UUID) -> bool:
    restored = _restored.get()
    return restored is not None and id in restored.last
