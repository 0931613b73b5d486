"""Can this process serve? Its database must answer, with the schema at head."""

from collections.abc import Callable
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from app.core.db.database import Database
from app.core.db.migrations import check_schema
from app.core.exceptions import UnavailableException
from app.core.web.openapi import documented

logger = structlog.get_logger()
router = APIRouter(tags=["health"])


class Health:
    """What stands in the way of serving; None when nothing does."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.fault: str | None = "The service is starting"
        # What else /readyz tells: by name, what says how it is. It hinders no answer.
        self.notes: dict[str, Callable[[], str]] = {}

    async def check(self) -> str | None:
        """Look anew, and log a fault once, when it begins."""
        before = self.fault
        try:
            self.fault = await check_schema(self.database)
        except (SQLAlchemyError, OSError):
            self.fault = "The database does not answer"
        if self.fault and self.fault != before:
            logger.error("not_ready", reason=self.fault)
        return self.fault

    async def require(self) -> None:
        """Refuse to serve while there is a fault. Costs nothing when there is none."""
        if self.fault and (fault := await self.check()):
            raise UnavailableException(fault)


async def get_health(request: Request) -> Health:
    health: Health = request.app.state.health
    return health


HealthDep = Annotated[Health, Depends(get_health)]


@router.get("/livez", summary="Is the process alive?")
async def get_liveness() -> dict[str, str]:
    """200 for as long as the process runs; it touches nothing."""
    return {"status": "ok"}


@router.get("/readyz", summary="Can it serve?", responses=documented(503))
async def get_readiness(health: HealthDep) -> JSONResponse:
    """200 when the database answers and its schema is at head; else 503 says why."""
    if fault := await health.check():
        raise UnavailableException(fault)
    checks = {"database": "ok", "schema": "ok"}
    checks |= {name: note() for name, note in health.notes.items()}
    return JSONResponse({"status": "ok", "checks": checks})
