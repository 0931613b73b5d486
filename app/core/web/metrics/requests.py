"""Middleware that measures each request."""

from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.web.middleware import route_of

METHODS = frozenset("GET HEAD POST PATCH PUT DELETE OPTIONS".split())
OTHER = "other"  # methods are the client's: any of them would be a label
NO_ROUTE = "none"


class MeasuringMiddleware:
    """ASGI middleware that measures the time until the response begins.

    Its end depends on the client: a feed has none for hours.
    """

    def __init__(self, app: ASGIApp, requests: Any) -> None:
        self.app, self.requests = app, requests
        # The library's own search for labels takes as long as an observation.
        self.known: dict[tuple[int, str, int], Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, started = 0, perf_counter()

        async def forward(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self.observe(scope, status // 100, started)
            await send(message)

        try:
            await self.app(scope, receive, forward)
        finally:
            if not status:
                self.observe(scope, 0, started)

    def observe(self, scope: Scope, status: int, started: float) -> None:
        self.find(scope, status).observe(perf_counter() - started)

    def find(self, scope: Scope, status: int) -> Any:
        # Routes live as long as the application.
        method = scope["method"] if scope["method"] in METHODS else OTHER
        key = (id(scope.get("route")), method, status)
        if found := self.known.get(key):
            return found
        route = route_of(scope) or NO_ROUTE
        labels = self.requests.labels(
            method, route, f"{status}xx" if status else "none"
        )
        return self.known.setdefault(key, labels)
