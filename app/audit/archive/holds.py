"""Legal holds, which exempt an entity's changes from archiving until released."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import col

from app.audit.archive.logs import CHANGES
from app.audit.archive.models import AuditHold
from app.audit.archive.trace import record_action
from app.core.clock import now
from app.core.db.locks.transaction_lock import lock, lock_shared
from app.core.db.session import DatabaseSession
from app.core.models import entities, names_of_class, recorded_names

ADVISORY_LOCK = 7_201_141  # arbitrary; the same in every process


async def keep_holds(session: DatabaseSession) -> None:
    """Let none be placed until this transaction ends: it deletes what is not held."""
    await lock_shared(session, ADVISORY_LOCK)


def is_same_class(
    first: ColumnElement[str], second: ColumnElement[str]
) -> ColumnElement[bool]:
    """Match two names of one class, in any case; one may be a former name."""
    first, second = func.lower(first), func.lower(second)
    renamed = (recorded_names(model) for model in entities() if model.former_entities)
    lists = ([name.lower() for name in names] for names in renamed)
    return or_(first == second, *(and_(first.in_(it), second.in_(it)) for it in lists))


class HoldRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session

    async def list_active(self) -> list[AuditHold]:
        query = select(AuditHold).where(col(AuditHold.released_at).is_(None))
        return list(await self.session.scalars(query.order_by(col(AuditHold.id))))

    async def list_entity_types(self) -> set[str]:
        """Return the entity types that have changes in the live log."""
        change = CHANGES.live.c
        query = select(change.entity).where(change.entity_id.is_not(None)).distinct()
        return set(await self.session.scalars(query))

    async def has_changes(self, entity: str, entity_id: UUID) -> bool:
        """Return whether the live log has a change of this record."""
        change = CHANGES.live.c
        same = (
            change.entity.in_(names_of_class(entity)),
            change.entity_id == entity_id,
        )
        query = select(change.id).where(*same).limit(1)
        return await self.session.scalar(query) is not None

    async def add_hold(self, hold: AuditHold) -> None:
        """Place a hold, once no transaction is deleting what it found to be free."""
        await lock(self.session, ADVISORY_LOCK)
        self.session.add(hold)
        await self.session.flush()
        await record_action(self.session, "audit_hold", "held", hold_values(hold))

    async def release_hold(self, id: UUID, by: str) -> AuditHold | None:
        """Release a hold and return it, or None if no active hold has this id."""
        query = select(AuditHold).where(
            col(AuditHold.id) == id, col(AuditHold.released_at).is_(None)
        )
        hold = (await self.session.scalars(query)).first()
        if hold:
            hold.released_at, hold.released_by = now(), by
            await self.session.flush()
            await record_action(
                self.session, "audit_hold", "released", hold_values(hold)
            )
        return hold


def hold_values(hold: AuditHold) -> dict[str, str | None]:
    """Return the hold's columns as JSON values, for the change log."""
    return {name: format_value(value) for name, value in hold.model_dump().items()}


def format_value(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None else str(value)
