"""FastAPI application with its middleware stack and a completed OpenAPI document."""

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from app.core.config import Settings
from app.core.web.address import AllowedHosts, ProbesApart, UnderPath
from app.core.web.head_requests import HeadAsGet
from app.core.web.middleware import RequestMiddleware
from app.core.web.openapi import complete, prefix_token_urls
from app.core.web.plain_text_errors import PlainTextErrors

METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "X-Request-ID",
)
EXPOSED_HEADERS = ("ETag", "Location", "Retry-After", "X-Request-ID")


class Application(FastAPI):
    # Middleware around all routes and error handlers, inside the request's context.
    outer_layer: Callable[[ASGIApp], ASGIApp]

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
        hosts = settings.ALLOWED_HOSTS
        app = AllowedHosts(app, allowed_hosts=hosts, www_redirect=False)
        app = HeadAsGet(PlainTextErrors(app))
        outermost = partial(RequestMiddleware, hsts=settings.is_production)
        recorded: ASGIApp = outermost(self.outer_layer(app))
        if not settings.RECORD_PROBES:
            recorded = ProbesApart(recorded, outermost(app, logs=False))
        return (
            UnderPath(recorded, settings.ROOT_PATH) if settings.ROOT_PATH else recorded
        )

    def add(self, router: APIRouter) -> None:
        """Add a router's routes directly: an included router is matched twice."""
        self.router.routes.extend(router.routes)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            complete(super().openapi())
            prefix_token_urls(super().openapi(), self.state.settings.ROOT_PATH)
        return super().openapi()
