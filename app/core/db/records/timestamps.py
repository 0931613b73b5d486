"""Times of records: those of their changes, as the change log has them.

With these times, a record exists `as_of` its own `created_at`, and is in its present
state `as_of` its own `updated_at`.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from sqlalchemy.orm.attributes import instance_state

from app.core.clock import EPOCH, now
from app.core.db.records.versions import is_restored

_change_time: ContextVar[datetime | None] = ContextVar("change_time", default=None)


@contextmanager
def changing(at: datetime | None = None) -> Iterator[None]:
    """Let rows be updated at this time, or at the one that `stamp` is called with."""
    token = _change_time.set(at)
    try:
        yield
    finally:
        _change_time.reset(token)


def change_time() -> datetime:
    """Return the time of the flush or statement in progress, or the current one."""
    return _change_time.get() or now()


def updated_before(record: Any) -> datetime:
    """Return `updated_at` as it was read."""
    state = instance_state(record)
    read = state.committed_state.get("updated_at", state.dict.get("updated_at"))
    return read if isinstance(read, datetime) else EPOCH


def stamp(
    at: datetime, opened: datetime, new: Iterable[Any], changed: Iterable[Any]
) -> None:
    """Set the time of a flush; move times that were set since the session opened."""
    _change_time.set(at)
    for record in new:
        created = () if is_restored(record.id) else ("created_at",)
        move(record, (*created, "updated_at"), at, opened)
    for record in changed:
        if "updated_at" in instance_state(record).committed_state:
            move(record, ("updated_at",), at, opened)


def move(record: Any, names: tuple[str, ...], at: datetime, opened: datetime) -> None:
    for name in names:
        if opened <= getattr(record, name) != at:
            setattr(record, name, at)
