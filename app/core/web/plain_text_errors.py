"""Plain-text errors of the framework (413, invalid host) as problem documents."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.handlers import ProblemResponse, problem

BODY = {"content-type", "content-length"}  # of the replaced body


class PlainTextErrors:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            send = ErrorRewriter(scope, send).send
        await self.app(scope, receive, send)


class ErrorRewriter:
    """Sender of one response; holds back a plain-text error until its body is sent."""

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
            response = to_problem(self.scope["path"], self.plain, detail)
            await response(self.scope, no_request, self.forward)


def is_plain_error(message: Message) -> bool:
    if message["status"] < 400:
        return False
    kind = Headers(raw=message["headers"]).get("content-type", "")
    return kind.startswith("text/plain")


def to_problem(path: str, start: Message, detail: str) -> ProblemResponse:
    """Return the response as a problem document, with its other headers."""
    headers = Headers(raw=start["headers"]).items()
    kept = {name: value for name, value in headers if name not in BODY}
    return problem(path, start["status"], detail, kept)


async def no_request() -> Message:
    return {"type": "http.disconnect"}
