"""Middleware that rejects a request with two values of a single-valued header.

A proxy may read one of them and the application the other, for instance `Host`. Two
`Authorization` headers are rejected where the token is read, with 401.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.handlers import problem

SINGLE = frozenset(
    {
        b"access-control-request-method",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"origin",
        b"user-agent",
    }
)


class SingleHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        repeated = repeated_header(scope) if scope["type"] == "http" else None
        if repeated is None:
            await self.app(scope, receive, send)
            return
        detail = f"The header {repeated} must be sent once"
        await problem(scope["path"], 400, detail)(scope, receive, send)


def repeated_header(scope: Scope) -> str | None:
    """Return the name of a single-valued header that was sent more than once."""
    names = [name for name, _ in scope["headers"]]
    if len(set(names)) == len(names):
        return None
    repeated = (name for name in SINGLE if names.count(name) > 1)
    return next((name.decode() for name in sorted(repeated)), None)
