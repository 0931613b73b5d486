"""History of a record: changes, past states, revert and restore."""

from datetime import datetime
from math import ceil
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import ValidationError

from app.audit.history.entity_repository import EntityRepository
from app.audit.history.exceptions import ArchivedException, require_live
from app.audit.history.moments import just_before, until
from app.audit.history.repository import HistoryRepository, deleted_state
from app.audit.history.schemas import Changes, HistoryQuery, RevertPreview
from app.audit.models import Action
from app.audit.personal.hidden import check_shown
from app.audit.repository import AuditRepository
from app.core.context import current_context
from app.core.db.driver.compiled import Row
from app.core.db.locks.record_lock import lock_record
from app.core.db.records.versions import counting_from
from app.core.exceptions import (
    ConflictException,
    NotFoundException,
    ValidationFailedException,
)
from app.core.models import Entity, recorded_names
from app.core.schemas import Body
from app.core.service import CrudService
from app.core.web.collections.resource import Resource

Service = CrudService[Any, Any, Any]


class HistoryPage(NamedTuple):
    changes: list[Row]
    next: str | None
    archived_until: datetime | None


class HistoryService:
    """History of one record. Writes go through the service of its collection."""

    def __init__(self, resource: Resource, service: Service, id: UUID) -> None:
        self.resource, self.service, self.id = resource, service, id
        self.model: type[Entity] = resource.entity
        session = service.repository.session
        self.past = HistoryRepository(session)
        self.entities = EntityRepository(session)
        self.log = AuditRepository(session)

    async def history(self, query: HistoryQuery) -> HistoryPage:
        rows = await self.past.of_record(self.model, self.id, query)
        archived = await self.archived_until()
        is_unknown = not rows and query.cursor is None and archived is None
        if is_unknown or self.resource.hides:
            await self.service.get(self.id)
        shown, rest = rows[: query.limit], rows[query.limit :]
        # SQLite stores fractions as well; the next page begins below.
        following = str(ceil(shown[-1]["version"])) if rest else None
        return HistoryPage(shown, following, archived)

    async def archived_until(self) -> datetime | None:
        """Return None if the live log is complete, under one of the class's names."""
        names = recorded_names(self.model)
        times = [await self.log.archived_until(name, self.id) for name in names]
        return None if None in times else times[0]

    async def as_of(self, instant: datetime) -> Entity:
        await self.require_live(instant)
        then = until(instant)
        state = await self.past.state(self.model, self.id, then)
        if state is None:
            await self.require_live(instant)  # a run may have archived some meanwhile
            raise NotFoundException(f"{self.name} did not exist then")
        entity: Entity = await self.entities.build(self.model, state, then)
        await self.require_live(instant)
        return entity

    async def require_live(self, instant: datetime) -> None:
        require_live(self.name, instant, await self.archived_until())

    async def preview(self, version: int) -> RevertPreview:
        """Return the current values that a revert would replace, and the new ones."""
        await self.service.get_for_update(self.id)
        return RevertPreview(to_version=version, changes=await self.changes(version))

    async def revert(self, version: int) -> Entity:
        changes = await self.changes(version)
        current_context().reason = f"revert to version {version}"
        news = {name: then for name, (_, then) in changes.items()}
        reverted: Entity = await self.service.update(self.id, self.body(news))
        return reverted

    async def changes(self, version: int) -> Changes:
        """Return the updatable fields whose values differ between version and now."""
        now = await self.service.get(self.id)
        then = await self.at_version(version)
        fields, secrets = self.resource.update.model_fields, self.model.redacted
        names = [it for it in fields if hasattr(then, it) and it not in secrets]
        pairs = {name: (getattr(now, name), getattr(then, name)) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    def body(self, values: dict[str, Any]) -> Body:
        """Return the update with these values, which may have become invalid."""
        try:
            return self.resource.update.model_validate(values)
        except ValidationError as error:
            raise ValidationFailedException(error.errors()) from error

    async def restore(self) -> Entity:
        await lock_record(self.log.session, self.id)
        deletion = await self.past.last_change(self.model, self.id)
        if deletion is None or deletion["action"] != Action.DELETE:
            await self.service.get_for_update(self.id)
            raise ConflictException(f"{self.name} is not deleted")
        self.service.preconditions.check(deletion["version"] or 0)
        state = deleted_state(self.model, deletion)
        check_shown(self.log.session, self.model, state)
        then = just_before(deletion["at"])
        entity = await self.entities.rebuild(self.model, state, then)
        current_context().reason = "restore"
        with counting_from(await self.entities.last_versions(entity)):
            restored: Entity = await self.service.restore(entity)
        return restored

    async def at_version(self, version: int) -> Any:
        change = await self.change_to(version)
        then = await self.past.version_end(self.model, self.id, version)
        state = await self.past.state(self.model, self.id, then)
        if state is None:
            await self.change_to(version)
            raise NotFoundException(f"{self.name} had no such version")
        check_shown(self.log.session, self.model, state)
        entity = await self.entities.build(self.model, state, until(change["at"]))
        await self.change_to(version)  # later ones were not archived meanwhile either
        return entity

    async def change_to(self, version: int) -> Row:
        change = await self.past.change_to(self.model, self.id, version)
        if change is None and (archived := await self.archived_until()):
            raise ArchivedException(self.name, archived)
        if change is None:
            raise NotFoundException(f"{self.name} had no such version")
        return change

    @property
    def name(self) -> str:
        return f"{self.model.__name__} {self.id}"
