"""Outermost middleware: request context, headers of each response, one log line."""

import re
from collections.abc import Callable
from logging import INFO, WARNING
from time import perf_counter
from uuid import UUID

import structlog
from opentelemetry.trace import Span, get_current_span
from starlette._utils import get_route_path
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.context import Context, new_context
from app.core.observability.draining import draining
from app.core.observability.redaction import printable
from app.core.observability.tracing import mask_span, trace_id_of

CLIENT = "client"  # source of a request id
SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
NO_STORE = (b"cache-control", b"no-store")
SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
MAX_PATH = 2_048
CLOSE = (b"connection", b"close")
HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")

RawHeaders = list[tuple[bytes, bytes]]

logger = structlog.get_logger()


class RequestMiddleware:
    """ASGI middleware that opens the context, adds the fixed headers and logs.

    It wraps the finished application: Starlette renders a 500 outside of all user
    middleware, and that response needs its request id most.
    """

    logs = True

    def __init__(
        self, app: ASGIApp, *, hsts: bool, client_ip: Callable[[HTTPConnection], str]
    ) -> None:
        self.app, self.client_ip = app, client_ip
        self.fixed: RawHeaders = [*SECURITY, HSTS] if hsts else SECURITY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        span = get_current_span()
        with new_context(context_of(scope, span)) as context:
            mask_span(scope, span)
            sender = ResponseSender(scope, send, context.request_id, self.fixed)
            try:
                await self.app(scope, receive, sender.send)
            except Exception:
                # Starlette has sent the 500 by now, and raises the exception again.
                logger.exception("request_crashed")
            finally:
                if self.logs:
                    client = self.client_ip(HTTPConnection(scope))
                    sender.log(client, context.actor_id)


class QuietRequestMiddleware(RequestMiddleware):
    """The same without the log line."""

    logs = False


class ResponseSender:
    """Sender of one response, with the headers that every response has."""

    def __init__(
        self, scope: Scope, send: Send, request_id: str, fixed: RawHeaders
    ) -> None:
        self.scope, self.forward = scope, send
        self.request_id, self.fixed = request_id, fixed
        self.started = perf_counter()
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.add_headers(message["headers"])
        await self.forward(message)

    def add_headers(self, headers: RawHeaders) -> None:
        given = {name for name, _ in headers}
        headers.append((b"x-request-id", self.request_id.encode()))
        headers.extend(self.fixed)
        if draining.started:
            headers.append(CLOSE)
        headers.extend(pair for pair in (POLICY, NO_STORE) if pair[0] not in given)

    def log(self, client: str, user: UUID | None) -> None:
        """Log one line, without the query: it may be anything."""
        route = route_of(self.scope)
        logger.log(
            WARNING if self.status >= 500 else INFO,
            "request",
            method=self.scope["method"],
            path=printable(self.scope["path"], MAX_PATH),
            **({"route": route} if route else {}),
            status=self.status,
            duration_ms=round((perf_counter() - self.started) * 1000, 2),
            client=client,
            **({"user": str(user)} if user else {}),
        )


def context_of(scope: Scope, span: Span) -> Context:
    """Return a new context, with the only request id of the client if it is safe."""
    context = Context(trace_id=trace_id_of(scope, span))
    ids = [value for name, value in scope["headers"] if name == b"x-request-id"]
    if len(ids) == 1 and SAFE_ID.fullmatch(chosen := ids[0].decode("latin-1")):
        context.request_id, context.request_id_source = chosen, CLIENT
    return context


def route_of(scope: Scope) -> str | None:
    """Return the path template, such as /api/v1/products/{product_id}."""
    template = getattr(scope.get("route"), "path_format", None)
    if template is None:
        return None
    prefix = get_route_path(scope).removesuffix(template.format(**scope["path_params"]))
    return f"{prefix}{template}"
