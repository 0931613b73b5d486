"""Routers and background work of authentication, for the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.auth.components import AuthComponents
from app.auth.provisioning.routers import own_router
from app.auth.provisioning.routers import router as provisioning
from app.auth.roles.routers import permissions_router
from app.auth.roles.routers import router as roles
from app.auth.routers import me_router
from app.auth.routers import router as auth
from app.auth.sessions.purge import purge_periodically
from app.auth.users.routers import router as users
from app.core.db.database import Database

ROUTERS = (auth, me_router, own_router, users, provisioning, roles, permissions_router)
COLLECTIONS = (users, roles)


@asynccontextmanager
async def run_maintenance(
    database: Database, components: AuthComponents
) -> AsyncIterator[None]:
    """Purge what has expired, and write when API keys were used."""
    async with purge_periodically(database), components.key_uses.running(database):
        yield
