"""Bulk requests: their items are written as steps of one transaction."""

import asyncio
from collections.abc import Sequence
from typing import Any

from app.collections.bulk.collection_schemas import BulkSchemas
from app.collections.bulk.exceptions import BulkFailedException
from app.collections.bulk.outcomes import Outcome, success_of
from app.collections.bulk.steps import step_of
from app.collections.writes.steps import Step
from app.collections.writes.writer import Writer
from app.core.db.records.statements import MANY
from app.core.exceptions import AppException
from app.core.web.collections.resource import Resource


class BulkService:
    def __init__(self, resource: Resource, schemas: BulkSchemas, service: Any) -> None:
        self.resource, self.schemas, self.service = resource, schemas, service

    async def run(self, items: Sequence[Any], atomic: bool) -> list[Outcome]:
        """Return the outcome of each item.

        Raises:
            BulkFailedException: one of them failed, and all of it is to be atomic.
        """
        steps: list[Step] = []
        for start in range(0, len(items), MANY):
            some = items[start : start + MANY]
            steps += [step_of(item, self.schemas) for item in some]
            await asyncio.sleep(0)
        outcomes = await Writer(self.service, self.success).run(steps)
        if atomic and any(isinstance(each, AppException) for each in outcomes):
            raise BulkFailedException(outcomes)
        return outcomes

    def success(self, step: Step, entity: Any) -> Outcome:
        return success_of(self.schemas.success, self.resource.read, step.op, entity)
