"""FastAPI application with its middleware stack and a completed OpenAPI document."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from app.core.config import Settings
from app.core.observability.metrics.scrape import make_metrics
from app.core.web.address import AllowedHosts, ProbesApart, UnderPath
from app.core.web.document.completion import add_addresses, complete
from app.core.web.head_requests import HeadAsGet
from app.core.web.metrics.requests import MeasuringMiddleware
from app.core.web.middleware import QuietRequestMiddleware, RequestMiddleware
from app.core.web.plain_text_errors import PlainTextErrors
from app.core.web.server.stopped_requests import StoppedRequests
from app.core.web.single_headers import SingleHeaders

METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
# The SDKs of browsers add them to each request.
TRACING_HEADERS = ("baggage", "sentry-trace", "traceparent", "tracestate")
REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Prefer",
    "X-Request-ID",
    *TRACING_HEADERS,
)
EXPOSED_HEADERS = (
    "Content-Disposition",
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
)


class Application(FastAPI):
    # Middleware around all routes and error handlers, inside the request's context.
    outer_layer: Callable[[ASGIApp], ASGIApp]
    client_ip: Callable[[HTTPConnection], str]  # which depends on trusted proxies
    never_limited: frozenset[str] = frozenset()  # operations that no limit refuses

    @cached_property
    def metrics(self) -> Any:
        """The metrics of this process, or None."""
        return make_metrics(self.state.settings.METRICS_ADDRESS)

    def build_middleware_stack(self) -> ASGIApp:
        """Wrap Starlette's stack, including its handler of unexpected exceptions."""
        settings: Settings = self.state.settings
        app: ASGIApp = StoppedRequests(super().build_middleware_stack())
        if settings.CORS_ORIGINS:
            app = CORSMiddleware(
                app,
                allow_origins=settings.CORS_ORIGINS,
                allow_methods=METHODS,
                allow_headers=REQUEST_HEADERS,
                expose_headers=EXPOSED_HEADERS,
            )
        app = AllowedHosts(app, settings.ALLOWED_HOSTS, www_redirect=False)
        app = HeadAsGet(SingleHeaders(PlainTextErrors(app)))
        hsts, client_ip = settings.is_production, self.client_ip
        outer: ASGIApp = RequestMiddleware(
            self.outer_layer(app), hsts=hsts, client_ip=client_ip
        )
        if not settings.RECORD_PROBES:
            quiet = QuietRequestMiddleware(app, hsts=hsts, client_ip=client_ip)
            outer = ProbesApart(outer, quiet)
        if self.metrics:
            outer = MeasuringMiddleware(outer, self.metrics.requests)
        root_path = settings.ROOT_PATH
        return UnderPath(outer, root_path) if root_path else outer

    def add(self, router: APIRouter) -> None:
        """Add a router's routes directly: an included router is matched twice."""
        self.router.routes.extend(router.routes)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            complete(super().openapi(), self.never_limited)
            add_addresses(super().openapi(), self.state.settings.ROOT_PATH)
        return super().openapi()
