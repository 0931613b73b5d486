"""Work that is done again and again for as long as the application runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

logger = structlog.get_logger()

Work = Callable[[], Awaitable[object]]


@asynccontextmanager
async def every(seconds: float, work: Work) -> AsyncIterator[None]:
    """Do this work every so often in the background, while this block runs."""
    task = asyncio.create_task(repeat(seconds, work))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def repeat(seconds: float, work: Work) -> None:
    # The pause comes first: what has just started has other things to do.
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        # Whatever it is, it must not end the work: the next time is soon enough.
        except Exception:
            logger.exception("background_work_failed", work=work.__qualname__)
