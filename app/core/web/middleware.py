"""The outer layer: what every request is given and every response carries."""

import re
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.context import Context, new_context
from app.core.web.etag import etag

SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
NO_STORE = (b"cache-control", b"no-store")
SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")

RawHeaders = list[tuple[bytes, bytes]]

logger = structlog.get_logger()


class RequestMiddleware:
    """Opens the request's context, seals its response, and writes one log line.

    It wraps the finished application from outside: Starlette renders the 500
    beyond all user middleware, and that answer needs its request id most of all.
    """

    def __init__(self, app: ASGIApp, *, hsts: bool) -> None:
        self.app = app
        self.fixed: RawHeaders = [*SECURITY, HSTS] if hsts else SECURITY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with new_context(read_context(scope)) as context:
            response = Response(scope, send, context, self.fixed)
            try:
                await self.app(scope, receive, response.send)
            except Exception:
                # Starlette has answered 500 by now, and hands the error on.
                logger.exception("request_crashed")
            finally:
                response.log()


class Response:
    """One response on its way out."""

    def __init__(
        self, scope: Scope, send: Send, context: Context, fixed: RawHeaders
    ) -> None:
        self.scope, self.forward, self.context = scope, send, context
        self.fixed = fixed
        self.started = perf_counter()
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.seal(message)
        await self.forward(message)

    def seal(self, message: Message) -> None:
        headers: RawHeaders = message["headers"]
        given = {name for name, _ in headers}
        headers.append((b"x-request-id", self.context.request_id.encode()))
        headers.extend(self.fixed)
        headers.extend(pair for pair in (POLICY, NO_STORE) if pair[0] not in given)
        if self.context.shown_version and (self.status < 300 or self.status == 304):
            headers.append((b"etag", etag(self.context.shown_version).encode()))
            if self.status == 201:
                location = f"{self.scope['path']}/{self.context.shown_id}"
                headers.append((b"location", location.encode()))

    def log(self) -> None:
        logger.info(
            "request",
            method=self.scope["method"],
            route=route_of(self.scope),
            status=self.status,
            duration_ms=round((perf_counter() - self.started) * 1000, 2),
        )


def read_context(scope: Scope) -> Context:
    context = Context(method=scope["method"], query=scope["query_string"])
    for name, value in scope["headers"]:
        if name == b"if-match":
            context.if_match = joined(context.if_match, value)
        elif name == b"if-none-match":
            context.if_none_match = joined(context.if_none_match, value)
        elif name == b"x-request-id":
            request_id = value.decode("latin-1")
            if SAFE_ID.fullmatch(request_id):
                context.request_id = request_id
    return context


def joined(before: str | None, line: bytes) -> str:
    """Several lines of one header are one list (RFC 9110, section 5.3)."""
    text = line.decode("latin-1")
    return text if before is None else f"{before}, {text}"


def route_of(scope: Scope) -> str | None:
    """Return the whole template of the path, as /api/v1/products/{product_id}."""
    template = getattr(scope.get("route"), "path_format", None)
    if template is None:
        return None
    prefix = scope["path"].removesuffix(template.format(**scope["path_params"]))
    return f"{prefix}{template}"
