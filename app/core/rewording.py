"""What the framework says in plain text, 413 and a bad host, becomes a problem."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.handlers import problem


class PlainErrors:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            send = Rewording(scope, send).send
        await self.app(scope, receive, send)


class Rewording:
    """One response, whose plain error is held back until its text is known."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope, self.forward = scope, send
        self.plain = 0  # the status of a plain error

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and is_plain_error(message):
            self.plain = message["status"]
        elif not self.plain:
            await self.forward(message)
        elif not message.get("more_body"):
            detail = message.get("body", b"").decode()
            await send_problem(self.scope, self.forward, self.plain, detail)


def is_plain_error(message: Message) -> bool:
    if message["status"] < 400:
        return False
    kind = Headers(raw=message["headers"]).get("content-type", "")
    return kind.startswith("text/plain")


async def send_problem(scope: Scope, send: Send, status: int, detail: str) -> None:
    await problem(scope["path"], status, detail)(scope, no_request, send)


async def no_request() -> Message:
    return {"type": "http.disconnect"}
