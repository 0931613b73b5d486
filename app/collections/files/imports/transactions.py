"""Transactions of an import in batches: to be committed, or only tried."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial

from app.auth.permissions.principal import Principal
from app.auth.permissions.recheck import recheck
from app.core.db.database import Database
from app.core.db.session import DatabaseSession

ACTIONS = ("create", "update")
Opening = Callable[[], AbstractAsyncContextManager[DatabaseSession]]


class _RolledBack(Exception):  # it ends a trial, as intended
    pass


def writing(database: Database, user: Principal, resource: str) -> Opening:
    """Return transactions, each of which asks for the permissions before it commits."""

    permissions = [f"{resource}:{action}" for action in ACTIONS]

    @asynccontextmanager
    async def open_transaction() -> AsyncIterator[DatabaseSession]:
        async with database.turns.writing, database.writing() as session:
            session.before_commit = partial(recheck, session, user, *permissions)
            yield session

    return open_transaction


def trying(database: Database) -> Opening:
    """Return transactions that are rolled back in the end."""

    @asynccontextmanager
    async def open_transaction() -> AsyncIterator[DatabaseSession]:
        with suppress(_RolledBack):
            async with database.turns.writing, database.writing() as session:
                yield session
                raise _RolledBack

    return open_transaction
