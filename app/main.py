"""Application factory."""

import gc

# A fifth of the import was a search for garbage among what lives until exit.
gc.disable()

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from app import __version__
from app.audit.access.access_log import AccessLog
from app.audit.access.middleware import with_access_log
from app.audit.archive.seals.background import SEAL_INTERVAL, run_sealer
from app.audit.archive.witness.watch import WitnessWatch
from app.audit.changes.install import install_cdc
from app.audit.erasure.state import watch_erasures
from app.audit.feed.feed import run_feed
from app.audit.metrics.gauges import AuditGauges
from app.auth import install as auth
from app.auth.dependencies import check_permissions
from app.core import config
from app.core.background import run_every
from app.core.db.database import Database
from app.core.handlers import install_handlers
from app.core.logging import configure_logging
from app.core.observability.log_output import log_output
from app.core.pages import routes as pages
from app.core.web.application import Application
from app.core.web.before_commit import Replay, on_replay
from app.core.web.health import Health
from app.core.web.metrics.sampling import sampling
from app.core.web.server.other_servers import warn_of_other_server
from app.endpoints import ROUTERS

TITLE = "Back Office API"
DESCRIPTION = """\
A REST API for products, customers and tasks.

Lists can be filtered, sorted and searched; with `after`, each page of a collection
costs the same. Each record has its version as `ETag`: send it as `If-Match` to prevent
lost updates. With an `Idempotency-Key`, a request can be sent again and is done once.
Errors are problem details (RFC 9457) with a stable `code`, and each response has an
`X-Request-ID`. Request bodies are JSON, validated strictly: unknown fields and values
of another type are rejected. A request without a valid token is rejected before its
body is read; a body that cannot be parsed is rejected with 400 before permissions are
checked.
"""


@asynccontextmanager
async def open_database(settings: config.Settings) -> AsyncIterator[Database]:
    """Open the database with change data capture installed."""
    database = Database(settings)
    install_cdc(database, settings)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    warn_of_other_server(app.state.settings)
    async with open_database(app.state.settings) as database:
        app.state.health = health = Health(database)
        maintenance = auth.run_maintenance(database, app.state.auth)
        async with run_audit(app, database, health), maintenance, health.running():
            yield


@asynccontextmanager
async def run_audit(
    app: FastAPI, database: Database, health: Health
) -> AsyncIterator[None]:
    """Load accesses, seal rows and submit checkpoints; add their states to /readyz."""
    access_log: AccessLog = app.state.access_log
    settings = app.state.settings
    app.state.witness = witness = WitnessWatch(database, settings)
    async with (
        access_log.running(database),
        run_sealer(database, settings) as sealer,
        run_every(SEAL_INTERVAL, witness.submit),
        run_feed(database, settings) as app.state.feed,
        sampling(app, health, AuditGauges(database, app.state, sealer)),
        watch_erasures(database, settings) as erasures,
    ):
        app.state.sealer = sealer
        health.notes |= erasures | {
            "audit": access_log.state,
            "seal_file": sealer.seal_file.state,
            "checkpoints": sealer.watch.state,
            "witness": witness.state,
            "sealing": sealer.backlog.state,
            "log": log_output.state,
        }
        yield


def create_app(settings: config.Settings = config.settings) -> FastAPI:
    configure_logging(settings)
    app = Application(
        title=TITLE,
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url="/openapi.json" if settings.docs_exposed else None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    # Not an argument of FastAPI, which would check the limit a second time.
    app.max_body_size = settings.MAX_BODY_BYTES
    app.state.settings = settings
    app.state.access_log = AccessLog(settings)
    app.outer_layer = partial(with_access_log, app.state.access_log)
    auth.install(app, settings)
    install_handlers(app)
    app.exception_handler(Replay)(on_replay)
    install_routes(app, settings)
    check_permissions(app.routes)
    return app


def install_routes(app: Application, settings: config.Settings) -> None:
    for router in ROUTERS:
        app.add(router)
    if settings.docs_exposed:
        app.add(pages.docs_router)


app = create_app()
# Exclude the objects made so far: a full collection takes long.
gc.freeze()
gc.enable()
