"""SQL that is compiled once for all tests, although each has an engine of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings
from app.core.db import database


@contextmanager
def shared_statements() -> Iterator[None]:
    """Share dialects and their compiled statements among engines of one kind.

    SQLAlchemy caches a statement by its dialect, and each engine has one of its own: a
    small test spent a sixth of its time on compiling what the test before had compiled.
    """
    make_engine, shared = database.make_engine, dict[str, tuple[Any, Any]]()

    def make_sharing_engine(settings: Settings) -> AsyncEngine:
        engine = make_engine(settings)
        sync = engine.sync_engine
        kind = sync.dialect.name

        def share(*_: Any) -> None:
            shared.setdefault(kind, (sync.dialect, sync._compiled_cache))

        # A dialect learns from its first connection what the server can do.
        event.listen(sync, "connect", share)
        if kind in shared:
            sync.dialect, sync._compiled_cache = shared[kind]
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "make_engine", make_sharing_engine)
        yield
