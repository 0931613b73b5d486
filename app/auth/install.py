"""Routers, state and background work of authentication, for the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.auth.client import client_ip
from app.auth.components import AuthComponents
from app.auth.limits.endings import names_of_endings
from app.auth.limits.middleware import RateLimitHeaders
from app.auth.provisioning.routers import own_router
from app.auth.provisioning.routers import router as provisioning
from app.auth.roles.routers import permissions_router
from app.auth.roles.routers import router as roles
from app.auth.routers import me_router
from app.auth.routers import router as auth
from app.auth.sessions.purge import purge_periodically
from app.auth.users.routers import router as users
from app.core.config import Settings
from app.core.db.database import Database
from app.core.web.application import Application

ROUTERS = (auth, me_router, own_router, users, provisioning, roles, permissions_router)
COLLECTIONS = (users, roles)


def install(app: Application, settings: Settings) -> None:
    app.client_ip = client_ip
    app.never_limited = names_of_endings(auth.routes)
    app.state.auth = components = AuthComponents.from_settings(settings)
    if components.rate_limits:
        outer_layer = app.outer_layer
        app.outer_layer = lambda inner: outer_layer(RateLimitHeaders(inner))


@asynccontextmanager
async def run_maintenance(
    database: Database, components: AuthComponents
) -> AsyncIterator[None]:
    """Purge what has expired, and write when API keys were used."""
    async with purge_periodically(database), components.key_uses.running(database):
        yield
