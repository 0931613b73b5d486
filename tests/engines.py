"""Compile SQL once for all tests, although each test has an engine of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings
from app.core.db import database
from app.core.db.driver.limits import Limits
from app.core.db.engine import make_engine


@contextmanager
def shared_statements() -> Iterator[None]:
    """Share the dialect and the statement cache among engines of one database.

    SQLAlchemy caches compiled statements per engine and dialect. Without sharing, a
    small test spends a sixth of its time compiling statements again.
    """
    shared = dict[str, tuple[Any, Any]]()

    def make_sharing_engine(settings: Settings, limits: Limits | None) -> AsyncEngine:
        engine = make_engine(settings, limits)
        sync = engine.sync_engine
        kind = sync.dialect.name

        def share(*_: Any) -> None:
            shared.setdefault(kind, (sync.dialect, sync._compiled_cache))

        # A dialect reads the server's version and features on its first connection.
        event.listen(sync, "connect", share)
        if kind in shared:
            sync.dialect, sync._compiled_cache = shared[kind]
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "make_engine", make_sharing_engine)
        yield
