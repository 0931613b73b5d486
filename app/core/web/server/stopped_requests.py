"""The response to a request that the server cancels because it has to stop."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.exceptions import UnavailableException
from app.core.handlers import problem
from app.core.observability.draining import draining

STOPPED = "The server is stopping, and has ended this request; retry later"


class StoppedRequests:
    """Middleware that answers 503, unless the response has begun."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def notice(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, notice)
        except asyncio.CancelledError:
            if scope["type"] != "http" or has_begun or not draining.started:
                raise
            headers = UnavailableException.headers
            await problem(scope["path"], 503, STOPPED, headers)(scope, receive, send)
