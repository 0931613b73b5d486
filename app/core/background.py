"""Periodic background tasks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

logger = structlog.get_logger()

Work = Callable[[], Awaitable[object]]


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
