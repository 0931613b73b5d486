"""A file that is made while it is sent, and no longer when the client has left."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Self

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.core.exceptions import AppException
from app.core.web.head_requests import IS_HEAD

BODY = "http.response.body"

logger = structlog.get_logger()


class FileStream(Response):
    """Response whose chunks are made one by one, each after the client took the last.

    Starlette's StreamingResponse cancels the task that makes them, in the middle of a
    statement of the database.
    """

    def __init__(
        self, chunks: AsyncGenerator[bytes], media_type: str, filename: str
    ) -> None:
        disposition = f'attachment; filename="{filename}"'
        super().__init__(
            media_type=media_type, headers={"Content-Disposition": disposition}
        )
        del self.headers["content-length"]
        self.chunks = chunks

    async def begun(self) -> Self:
        """Make the first chunk, which is empty: errors still have their status."""
        await anext(self.chunks)
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self.chunks):
            await self.send_file(scope, receive, send)

    async def send_file(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        if not scope.get(IS_HEAD):
            leaving = asyncio.create_task(wait_until_left(receive))
            try:
                complete = await self.send_chunks(leaving, send)
            finally:
                leaving.cancel()
            if not complete:
                return
        await send({"type": BODY, "body": b"", "more_body": False})

    async def send_chunks(self, leaving: asyncio.Task[bool], send: Send) -> bool:
        """Return whether all of them were sent."""
        try:
            async for chunk in self.chunks:
                await send({"type": BODY, "body": chunk, "more_body": True})
                await asyncio.sleep(0)  # other requests take their turn
                if leaving.done() and leaving.result():
                    return False
        except AppException as error:
            # The status was sent: the client notices that the end is missing.
            logger.warning("file_stream_ended", code=error.code, detail=error.detail)
            return False
        return True


async def wait_until_left(receive: Receive) -> bool:
    """Return whether the client has left, once there is nothing else to receive."""
    message = await receive()
    while message["type"] == "http.request" and message.get("more_body"):
        message = await receive()
    if message["type"] == "http.request":
        message = await receive()
    left: bool = message["type"] == "http.disconnect"
    return left
