"""Many writes of one collection, each as if it were sent alone, in one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from app.collections.writes.refusals import refusal_of
from app.collections.writes.steps import INVALID, Step, batches
from app.core.db.database_errors import is_deadlock
from app.core.db.driver.transaction import OrmSessionRequired
from app.core.db.records.statements import MANY
from app.core.service import CrudService
from app.core.web.etag import Preconditions

RETRIES = 4  # after deadlocks


class SeveralFlushesError(Exception):
    """A step writes more than once, so that its flushes cannot be put off."""


class Writer:
    """Calls the methods of the collection's service.

    Each batch is flushed at once. If one of its steps fails, the batch is rolled back
    and its steps are done one by one. Other tasks run between the batches.

    `success` makes the outcome of a step from it and its record, or the id of a deleted
    one. The outcome of a step that was refused is an AppException.
    """

    def __init__(
        self, service: CrudService[Any, Any, Any], success: Callable[[Step, Any], Any]
    ) -> None:
        self.service: Any = service
        self.session: Any = service.repository.session
        self.success = success

    async def run(self, steps: Sequence[Step]) -> list[Any]:
        """Return the outcome of each step, run again after a deadlock."""
        for _ in range(RETRIES):
            try:
                return await self.run_batches(steps)
            except OrmSessionRequired:
                self.session.open_orm_session()
            except Exception as error:
                if not is_deadlock(error):
                    raise
        return await self.run_batches(steps)

    async def run_batches(self, steps: Sequence[Step]) -> list[Any]:
        outcomes: list[Any] = []
        async with self.session.savepoint():
            await self.lock([step.id for step in steps if step.id])
            for batch in batches(steps):
                outcomes += await self.run_batch(batch)
                self.session.records.release()
                await asyncio.sleep(0)
        return outcomes

    async def lock(self, ids: Sequence[Any]) -> None:
        """Lock all rows, in the order of their ids: two requests never deadlock."""
        ordered = sorted(set(ids))
        for start in range(0, len(ordered), MANY):
            some = ordered[start : start + MANY]
            await self.session.lock_rows(self.service.repository.model, some)
            await asyncio.sleep(0)

    async def run_batch(self, batch: list[Step]) -> list[Any]:
        if len(batch) > 1 and batch[0].op != INVALID:
            try:
                async with self.session.savepoint():
                    with self.session.deferred_flushes():
                        entities = [await self.write_deferred(step) for step in batch]
                    await self.session.flush()
                    return [*map(self.success, batch, entities)]
            except SeveralFlushesError:
                pass
            except Exception as error:
                refusal_of(error)
        outcomes = []
        for step in batch:
            outcomes.append(await self.run_alone(step))
            await asyncio.sleep(0)
        return outcomes

    async def run_alone(self, step: Step) -> Any:
        if step.error:
            return step.error
        try:
            async with self.session.savepoint():
                entity = await self.write(step)
                await self.session.flush()
                return self.success(step, entity)
        except Exception as error:
            return refusal_of(error, step.if_match)

    async def write_deferred(self, step: Step) -> Any:
        before = self.session.deferred or 0
        entity = await self.write(step)
        if (self.session.deferred or 0) > before + 1:
            raise SeveralFlushesError
        return entity

    async def write(self, step: Step) -> Any:
        self.service.preconditions = Preconditions(tag_of(step.if_match))
        match step.op:
            case "create":
                return await self.service.create(step.data)
            case "update":
                return await self.service.update(step.id, step.data)
        await self.service.delete(step.id)
        return step.id


def tag_of(if_match: str | None) -> str | None:
    return f'"{if_match}"' if if_match and if_match.isdecimal() else if_match
