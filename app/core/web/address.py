"""Host and path of a request: the prefix at a proxy, allowed hosts, probes."""

from starlette._utils import get_route_path
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

PROBES = {"/livez", "/readyz"}


def is_probe(scope: Scope) -> bool:
    return scope["type"] == "http" and get_route_path(scope) in PROBES


class UnderPath:
    """ASGI middleware for a proxy that serves the application under a path.

    The proxy may strip the path or not: from here on, each request has it, so that
    links, `Location` and `instance` are what the client can use.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.app, self.root_path = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"].removeprefix(self.root_path) or "/"
            if not path.startswith("/"):  # /shopping is not under /shop
                path = scope["path"]
            scope["root_path"] = self.root_path
            scope["path"] = self.root_path + path
        await self.app(scope, receive, send)


class AllowedHosts(TrustedHostMiddleware):
    """ASGI middleware that rejects other hosts, but answers probes of any.

    A load balancer or a supervisor asks for an address, or sends no Host at all.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_probe(scope):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class ProbesApart:
    """ASGI application that leaves probes to an application of their own."""

    def __init__(self, app: ASGIApp, probes: ASGIApp) -> None:
        self.app, self.probes = app, probes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        chosen = self.probes if is_probe(scope) else self.app
        await chosen(scope, receive, send)
