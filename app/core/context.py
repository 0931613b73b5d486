"""The ambient context of a request: its id, who acts, and why. For logs and audit."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

import uuid_utils


def new_request_id() -> str:
    """Return a unique id of 32 hexadecimal digits, which sorts by time."""
    return uuid_utils.uuid7().hex


@dataclass(slots=True)
class Context:
    """Mutable on purpose: a ContextVar set in a dependency is lost, a field is not."""

    request_id: str = field(default_factory=new_request_id)
    request_id_source: str | None = None  # None if this process generated it
    actor_id: UUID | None = None
    actor_label: str | None = None
    actor_name: str | None = None
    session_id: UUID | None = None
    key_id: UUID | None = None  # of the API key that the actor's program has sent
    key_name: str | None = None
    trace_id: str | None = None  # of distributed tracing
    replay_of: str | None = None  # request id of the one that this one repeats
    reason: str | None = None  # recorded with each change, such as "restore"
    exported_rows: int | None = None  # recorded with the access


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


def current_ids() -> dict[str, str]:
    """Return the ids of the current request; nothing outside of a request."""
    context = _current.get()
    if context is None:
        return {}
    ids = {"request_id": context.request_id}
    return ids | {"trace_id": context.trace_id} if context.trace_id else ids
