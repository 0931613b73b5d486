"""The pool of SQLite's one connection, which serves the tasks in turn."""

import asyncio
from contextlib import suppress
from typing import Any

from sqlalchemy import AsyncAdaptedQueuePool
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import await_


class SingleConnectionPool(AsyncAdaptedQueuePool):
    """Pool of one connection, given to tasks in the order of their requests.

    The parent's queue is not fair: a task that arrives as the connection is returned
    may overtake those that wait, for seconds in the worst case. `asyncio.Lock` is
    fair. A task that asks twice would deadlock, so raise instead.
    """

    owner: asyncio.Task[Any] | None = None

    def __init__(self, creator: Any, **options: Any) -> None:
        options |= {"pool_size": 1, "max_overflow": 0}
        super().__init__(creator, **options)
        self.lock = asyncio.Lock()
        self.waiting = 0  # tasks, in the order of the lock

    def is_free(self) -> bool:
        """Return whether there is an open connection, and no task would wait for it."""
        return not self.lock.locked() and not self.waiting and self.checkedin() > 0

    def _do_get(self) -> ConnectionPoolEntry:
        task = asyncio.current_task()
        if task and task is self.owner:
            raise RuntimeError("This task already has a session open; close it first")
        if self.lock.locked() or self.waiting:
            await_(self._wait())
        else:
            take(self.lock)
        try:
            connection = super()._do_get()
        except BaseException:
            self.lock.release()
            raise
        self.owner = task
        return connection

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        self.owner = None
        super()._do_return_conn(record)
        self.lock.release()

    async def _wait(self) -> None:
        self.waiting += 1
        try:
            async with asyncio.timeout(self._timeout):
                await self.lock.acquire()
        except TimeoutError as error:
            raise PoolTimeoutError("The connection is still in use") from error
        finally:
            self.waiting -= 1


def take(lock: asyncio.Lock) -> None:
    """Acquire a lock that is free and that no task waits for: this does not wait."""
    with suppress(StopIteration):
        lock.acquire().send(None)
