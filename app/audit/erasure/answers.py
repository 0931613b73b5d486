"""Kept responses to requests with an Idempotency-Key that may show a person."""

from sqlalchemy import (
    ColumnElement,
    Dialect,
    LargeBinary,
    Table,
    exists,
    func,
    literal,
    or_,
    select,
)

from app.audit.archive.logs import CHANGES
from app.audit.erasure.person import Person
from app.auth.idempotency.models import IdempotencyKey

ANSWERS: Table = IdempotencyKey.__table__  # type: ignore[attr-defined]  # SQLModel's types
LOG = CHANGES.live.c


def may_show(person: Person, dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition for responses to requests by this person, or about them.

    The log has only the requests that changed something. The others may show the person
    all the same: an update without a difference, or the preview of a revert.
    """
    is_own = or_(LOG.actor_id == person.id, LOG.entity_id == person.id)
    requests = select(LOG.request_id).where(is_own)
    is_recorded = exists().where(LOG.request_id == ANSWERS.c.request_id)
    return or_(
        ANSWERS.c.request_id.in_(requests),
        ~is_recorded,
        has_text(str(person.id), dialect),
    )


def has_text(text: str, dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition that a response contains a text."""
    body, sought = ANSWERS.c.body, literal(text.encode(), LargeBinary)
    if dialect.name == "sqlite":
        return func.instr(body, sought) > 0
    return func.position(sought.op("IN")(body)) > 0
