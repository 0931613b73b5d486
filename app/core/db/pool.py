"""The pool of SQLite's one connection, which serves the tasks in turn."""

import asyncio
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
    is_reserved = False

    def __init__(self, creator: Any, **options: Any) -> None:
        options |= {"pool_size": 1, "max_overflow": 0}
        super().__init__(creator, **options)
        self.lock = asyncio.Lock()
        self.waiting = 0

    async def reserve(self) -> None:
        """Wait for this task's turn, outside of a greenlet. Then connect at once."""
        self._check_owner()
        await self._acquire()
        self.is_reserved = True

    def _do_get(self) -> ConnectionPoolEntry:
        if self.is_reserved:
            self.is_reserved = False
        else:
            self._check_owner()
            await_(self._acquire())
        try:
            connection = super()._do_get()
        except BaseException:
            self.lock.release()
            raise
        self.owner = asyncio.current_task()
        return connection

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        self.owner = None
        super()._do_return_conn(record)
        self.lock.release()

    def _check_owner(self) -> None:
        task = asyncio.current_task()
        if task and task is self.owner:
            raise RuntimeError("This task already has a session open; close it first")

    async def _acquire(self) -> None:
        if not self.waiting and not self.lock.locked():
            await self.lock.acquire()  # does not wait, so needs no timeout
            return
        self.waiting += 1
        try:
            async with asyncio.timeout(self._timeout):
                await self.lock.acquire()
        except TimeoutError as error:
            raise PoolTimeoutError("The connection is still in use") from error
        finally:
            self.waiting -= 1
