"""Health checks: the database must answer, with a schema that fits the code."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Annotated, Literal

import structlog
from alembic.util import CommandError
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from app.core.background import run_every
from app.core.db.database import Database
from app.core.db.migrations import describe_faults, read_revision
from app.core.db.outages.states import Outage, outage_of
from app.core.exceptions import UnavailableException
from app.core.observability.draining import draining
from app.core.startup.database_faults import describe_fault
from app.core.web.openapi import documented

# In seconds. Each worker has to notice a migration; a probe reaches only one of them.
CHECK_INTERVAL = 10.0
REPLICA_INTERVAL = 1.0

logger = structlog.get_logger()
router = APIRouter(
    tags=["health"], generate_unique_id_function=lambda route: route.name
)


class Health:
    """State of the service: `fault` is the reason why it is not ready, or None."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.fault: str | None = "The service is starting"
        self.reason: str | None = self.fault  # for the log: it may name the server
        self.schema = "ok"
        # Further checks in /readyz, by name. They do not affect the readiness.
        self.notes: dict[str, Callable[[], str]] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Check now, and regularly until the block exits; compare the replica, too."""
        await self.check()
        comparing: AbstractAsyncContextManager[None] = nullcontext()
        if replica := self.database.replica:
            self.notes["replica"] = replica.state
            comparing = run_every(REPLICA_INTERVAL, self.database.check_replica)
        async with run_every(CHECK_INTERVAL, self.check), comparing:
            yield

    async def check(self) -> str | None:
        """Check again, and log a fault once, when it begins."""
        before = self.reason
        try:
            schema = await read_revision(self.database)
            self.schema = schema.state
            self.fault = schema.fault or await describe_faults(self.database, schema)
            self.reason = self.fault
        except CommandError as error:
            self.fault = self.reason = str(error)
        except (SQLAlchemyError, OSError) as error:
            self.fault = outage_of(error) or Outage.AWAY
            self.reason = describe_fault(error, self.database.url)
        if self.reason and self.reason != before:
            logger.error("not_ready", reason=self.reason)
        if self.fault is None:
            await self.check_writes()
        return self.fault

    async def check_writes(self) -> None:
        """Check whether the database accepts writes. Reads are served without them."""
        writes = self.database.writes
        before = writes.outage
        outage = await writes.check(self.database.attempt_to_write)
        if outage and outage != before:
            logger.error("not_writable", reason=outage)

    async def require(self) -> None:
        """Raise UnavailableException while there is a fault. Checks again only then."""
        if self.fault and (fault := await self.check()):
            raise UnavailableException(fault)


async def get_health(request: Request) -> Health:
    health: Health = request.app.state.health
    return health


HealthDep = Annotated[Health, Depends(get_health)]


class Readiness(BaseModel):
    status: Literal["ok", "degraded"]
    checks: dict[str, str] = Field(description="What was checked, and its state")


@router.get("/livez", summary="Check Liveness", responses=documented(400))
async def get_liveness() -> dict[str, str]:
    """Return 200 while the process runs. No dependency is checked."""
    return {"status": "ok"}


@router.get("/readyz", summary="Check Readiness", responses=documented(400, 503))
async def get_readiness(health: HealthDep) -> Readiness:
    """Return 200 if the database answers and its schema fits, otherwise 503.

    A database that can only be read is `degraded`: reads are served, writes get 503.

    It is 503 as well while the server is stopping, which still serves other requests.
    """
    if draining.started:
        raise UnavailableException("The server is stopping")
    if fault := await health.check():
        raise UnavailableException(fault)
    outage = health.database.writes.outage
    checks = {"database": outage or "ok", "schema": health.schema}
    checks |= {name: note() for name, note in health.notes.items()}
    return Readiness(status="degraded" if outage else "ok", checks=checks)
