"""What is known of the request under way: one object, opened by the outer layer."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

import uuid_utils


def new_request_id() -> str:
    """Return 32 digits that nobody else has, in the order of their making."""
    return uuid_utils.uuid7().hex


@dataclass(slots=True)
class Context:
    """Mutable on purpose: what a dependency writes here, everybody else sees."""

    request_id: str = field(default_factory=new_request_id)
    actor_id: UUID | None = None
    actor_label: str | None = None
    session_id: UUID | None = None
    reason: str | None = None  # why it is done, when that is not plain: a revert
    method: str = "GET"
    query: bytes = b""
    if_match: str | None = None
    if_none_match: str | None = None
    shown_id: UUID | None = None
    shown_version: int | None = None


_current: ContextVar[Context | None] = ContextVar("context", default=None)


@contextmanager
def new_context(context: Context) -> Iterator[Context]:
    """Open the context of one request, script or seed."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def current_context() -> Context:
    return _current.get() or Context()


def current_request_id() -> str | None:
    """Return the id of the request under way, if there is one."""
    context = _current.get()
    return context.request_id if context else None
