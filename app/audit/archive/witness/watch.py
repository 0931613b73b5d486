"""Submission of new checkpoints while the application runs."""

import asyncio

import structlog

from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import LOGS, Log
from app.audit.archive.proofs.exceptions import NoCheckpointException
from app.audit.archive.witness.client import WitnessClient
from app.audit.archive.witness.exceptions import (
    ContradictionException,
    WitnessException,
)
from app.audit.archive.witness.submission import Submission
from app.core.config import Settings
from app.core.db.database import Database

logger = structlog.get_logger()


class WitnessWatch:
    """Sizes that the witness has cosigned, by log; what it lacks, and its alarms."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        context: ArchiveContext | None = None,
    ) -> None:
        client = WitnessClient.from_settings(settings)
        self.submission = Submission(database, client, context) if client else None
        self.sizes: dict[str, int] = {}
        self.faults: dict[str, str] = {}
        self.alarms: dict[str, str] = {}

    async def submit(self) -> None:
        """Submit the newest checkpoint of each log. Log a fault once, as it begins."""
        logs = LOGS.values() if self.submission else ()
        done = [self.submit_log(log) for log in logs]
        failed = await asyncio.gather(*done, return_exceptions=True)
        for error in filter(None, failed):
            raise error

    async def submit_log(self, log: Log) -> None:
        assert self.submission  # noqa: S101  submit() has checked it
        try:
            cosigned = await self.submission.submit(log, self.sizes.get(log.name, 0))
        except NoCheckpointException:
            return
        except ContradictionException as error:
            if log.name not in self.alarms:
                logger.error("audit_log_contradicted", log=log.name, witness=str(error))
            self.alarms[log.name] = f"the witness of {log.name} {error}"
        except WitnessException as error:
            self.report(log, str(error))
        except Exception as error:
            self.report(log, f"internal error, {type(error).__name__}")
            raise
        else:
            self.sizes[log.name] = cosigned.size
            self.faults.pop(log.name, None)

    def report(self, log: Log, fault: str) -> None:
        if log.name not in self.faults:
            logger.warning("audit_not_cosigned", log=log.name, reason=fault)
        self.faults[log.name] = f"{log.name} not cosigned: {fault}"

    def state(self) -> str:
        """Return the state for /readyz. An alarm stays until a restart."""
        if self.submission is None:
            return "off"
        if self.alarms:
            return f"alarm: {'; '.join(self.alarms.values())}. Run `verify`"
        return "; ".join(self.faults.values()) or "ok"
