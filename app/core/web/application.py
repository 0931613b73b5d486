"""FastAPI in our outer layers, and with one schema of errors in its document."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from app.core.config import Settings
from app.core.web.head_requests import HeadAsGet
from app.core.web.middleware import RequestMiddleware
from app.core.web.openapi import complete
from app.core.web.plain_text_errors import PlainTextErrors

METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
ASKED = ("Authorization", "Content-Type", "If-Match", "If-None-Match", "X-Request-ID")
SHOWN = ("ETag", "Location", "Retry-After", "X-Request-ID")


class Application(FastAPI):
    # Put around everything that answers, and inside the request's context.
    outer_layer: Callable[[ASGIApp], ASGIApp]

    def build_middleware_stack(self) -> ASGIApp:
        """Wrap from outside even what Starlette puts around all middleware: its 500."""
        settings: Settings = self.state.settings
        app: ASGIApp = super().build_middleware_stack()
        if settings.CORS_ORIGINS:
            app = CORSMiddleware(
                app,
                allow_origins=settings.CORS_ORIGINS,
                allow_methods=METHODS,
                allow_headers=ASKED,
                expose_headers=SHOWN,
            )
        app = TrustedHostMiddleware(
            app, allowed_hosts=settings.ALLOWED_HOSTS, www_redirect=False
        )
        app = self.outer_layer(HeadAsGet(PlainTextErrors(app)))
        return RequestMiddleware(app, hsts=settings.is_production)

    def add(self, router: APIRouter) -> None:
        """Add a router's routes as they are: an included router is matched twice."""
        self.router.routes.extend(router.routes)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            complete(super().openapi())
        return super().openapi()
