"""What the framework says in plain text, 413 and a bad host, becomes a problem."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.handlers import ProblemResponse, problem

BODY = {"content-type", "content-length"}  # these are another body's


class PlainTextErrors:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            send = ErrorRewriter(scope, send).send
        await self.app(scope, receive, send)


class ErrorRewriter:
    """One response, whose plain error is held back until its text is known."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope, self.forward = scope, send
        self.plain: Message | None = None  # the start of a plain error

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and is_plain_error(message):
            self.plain = message
        elif self.plain is None:
            await self.forward(message)
        elif not message.get("more_body"):
            detail = message.get("body", b"").decode()
            response = reworded(self.scope["path"], self.plain, detail)
            await response(self.scope, no_request, self.forward)


def is_plain_error(message: Message) -> bool:
    if message["status"] < 400:
        return False
    kind = Headers(raw=message["headers"]).get("content-type", "")
    return kind.startswith("text/plain")


def reworded(path: str, start: Message, detail: str) -> ProblemResponse:
    """Return the same answer as a problem, with whatever else its headers say."""
    headers = Headers(raw=start["headers"]).items()
    kept = {name: value for name, value in headers if name not in BODY}
    return problem(path, start["status"], detail, kept)


async def no_request() -> Message:
    return {"type": "http.disconnect"}
