"""Caches for all tests, although each test has an application of its own."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from fastapi import applications
from fastapi.openapi.utils import get_openapi
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.audit.access import repository
from app.audit.access.repository import compile_insert
from app.audit.changes import guard
from app.audit.changes.sql.writes import find_writes
from app.core.config import Settings
from app.core.db import database
from app.core.db.driver.limits import Limits
from app.core.db.engine import make_engine

Document = dict[str, Any]


@contextmanager
def shared_work() -> Iterator[None]:
    """Compile SQL once, and generate the OpenAPI document once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "make_engine", sharing_engines())
        patch.setattr(guard, "find_writes", cache(find_writes))
        patch.setattr(repository, "compile_insert", cache(compile_insert))
        patch.setattr(applications, "get_openapi", sharing_documents())
        yield


def sharing_engines() -> Callable[..., AsyncEngine]:
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

    return make_sharing_engine


def sharing_documents() -> Callable[..., Document]:
    """Share the document among applications that have the very same routes.

    To generate it takes as long as twenty small tests.
    """
    # The routes are kept, so that their ids stay theirs.
    made = dict[tuple[Any, ...], tuple[list[Any], str]]()

    def share_openapi(*, routes: list[Any], **options: Any) -> Document:
        shown = [it for it in routes if getattr(it, "include_in_schema", True)]
        key = (repr(options), *map(id, shown))
        if key not in made:
            made[key] = shown, json.dumps(get_openapi(routes=routes, **options))
        document: Document = json.loads(made[key][1])
        return document

    return share_openapi
