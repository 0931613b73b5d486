"""FastAPI application with its middleware stack and a completed OpenAPI document."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from app.core.config import Settings
from app.core.web.head_requests import HeadAsGet
from app.core.web.middleware import RequestMiddleware
from app.core.web.openapi import complete
from app.core.web.plain_text_errors import PlainTextErrors

METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Request-ID",
)
EXPOSED_HEADERS = (
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "Retry-After",
    "X-Request-ID",
)


class Application(FastAPI):
    # Middleware around all routes and error handlers, inside the request's context.
    outer_layer: Callable[[ASGIApp], ASGIApp]
    client_ip: Callable[[HTTPConnection], str]  # which depends on trusted proxies

    def build_middleware_stack(self) -> ASGIApp:
        """Wrap Starlette's stack, including its handler of unexpected exceptions."""
        settings: Settings = self.state.settings
        app: ASGIApp = super().build_middleware_stack()
        if settings.CORS_ORIGINS:
            app = CORSMiddleware(
                app,
                allow_origins=settings.CORS_ORIGINS,
                allow_methods=METHODS,
                allow_headers=REQUEST_HEADERS,
                expose_headers=EXPOSED_HEADERS,
            )
        app = TrustedHostMiddleware(
            app, allowed_hosts=settings.ALLOWED_HOSTS, www_redirect=False
        )
        app = self.outer_layer(HeadAsGet(PlainTextErrors(app)))
        hsts = settings.is_production
        return RequestMiddleware(app, hsts=hsts, client_ip=self.client_ip)

    def add(self, router: APIRouter) -> None:
        """Add a router's routes directly: an included router is matched twice."""
        self.router.routes.extend(router.routes)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            complete(super().openapi())
        return super().openapi()
