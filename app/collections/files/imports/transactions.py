"""Transactions of an import in batches: to be committed, or only tried."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from app.auth.permissions.principal import Principal
from app.collections.files.imports.permissions import recheck_before_commit
from app.core.db.database import Database
from app.core.db.session import DatabaseSession

Opening = Callable[[], AbstractAsyncContextManager[DatabaseSession]]


class _RolledBack(Exception):  # it ends a trial, as intended
    pass


def writing(database: Database, user: Principal, resource: str) -> Opening:
    @asynccontextmanager
    async def open_transaction() -> AsyncIterator[DatabaseSession]:
        async with database.writing() as session:
            recheck_before_commit(session, user, resource)
            yield session

    return open_transaction


def trying(database: Database) -> Opening:
    """Return transactions that are rolled back in the end."""

    @asynccontextmanager
    async def open_transaction() -> AsyncIterator[DatabaseSession]:
        with suppress(_RolledBack):
            async with database.writing() as session:
                yield session
                raise _RolledBack

    return open_transaction
