"""Work beside requests: periodic tasks, and calls in a thread that may hang."""

import asyncio
import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from threading import Thread
from typing import Any, TypeVar

import structlog

logger = structlog.get_logger()

ResultT = TypeVar("ResultT")
Work = Callable[[], Awaitable[object]]
WAIT = 5.0  # seconds


@asynccontextmanager
async def run_every(seconds: float, work: Work) -> AsyncIterator[None]:
    """Run `work` periodically in a background task until the block exits."""
    task = asyncio.create_task(repeat(seconds, work))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def repeat(seconds: float, work: Work) -> None:
    # Sleep first, so that the work does not slow the start of the application.
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        # An error must not end the task: log it, and run again after the pause.
        except Exception:
            logger.exception("background_work_failed", work=work.__qualname__)


class DaemonThread:
    """Calls one after the other for a file on a share that may hang.

    That stops neither requests nor the exit.
    """

    running: "Future[Any] | None" = None

    async def call(self, function: Callable[[], ResultT]) -> ResultT:
        """Return the result of the function.

        Raises:
            OSError: it takes longer than WAIT, or an earlier call still does.
        """
        if self.running and not self.running.done():
            raise OSError(errno.EBUSY, "an earlier call has not ended")
        running = self.running = Future[ResultT]()
        running.set_running_or_notify_cancel()
        Thread(target=run, args=(running, function), daemon=True).start()
        done = asyncio.wrap_future(running)
        if not (await asyncio.wait([done], timeout=WAIT))[0]:
            done.cancel()
            raise TimeoutError(errno.ETIMEDOUT, f"no answer for {WAIT:.0f} s")
        return done.result()


def run(running: "Future[ResultT]", function: Callable[[], ResultT]) -> None:
    try:
        running.set_result(function())
    except BaseException as error:
        running.set_exception(error)
