"""Statements on the change log in its settled order, and on what is archived of it."""

from sqlalchemy import bindparam, func, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.logs import CHANGES, MIN_ID
from app.audit.archive.models import DELETED, AuditArchive
from app.audit.archive.seals.cursor import Position
from app.audit.numbering import MAX_NUMBER
from app.core.db.driver.statements import Prepared
from app.core.db.sqlite.spelling import IsInteger, IsUuid

BEGINNING = Position(0, MIN_ID)  # before every row that has a number

row, seal, file = CHANGES.live.c, AuditSeal, AuditArchive
NEWEST = Prepared(
    select(row.transaction_id, row.id)
    .where(
        row.transaction_id < bindparam("limit"),
        IsInteger(row.transaction_id),
        IsUuid(row.id),
    )
    .order_by(row.transaction_id.desc(), row.id.desc())
    .limit(1)
)
own_seals = col(seal.log) == bindparam("log")
NEWEST_SEALED = Prepared(
    select(col(seal.transaction_id), col(seal.transaction_row_id).label("id"))
    .where(col(seal.log) == CHANGES.name, col(seal.transaction_id) < bindparam("limit"))
    .order_by(col(seal.transaction_id).desc(), col(seal.transaction_row_id).desc())
    .limit(1)
)
last_archived = (
    select(func.max(col(file.last_at)))
    .where(col(file.log) == bindparam("log"), col(file.state).in_(DELETED))
    .scalar_subquery()
)
later = aliased(seal)
last_seal = (
    select(func.min(col(later.transaction_id)))
    .where(col(later.log) == bindparam("log"))
    .where(col(later.transaction_id) >= bindparam("until"))
    .scalar_subquery()
)
# Rows are archived by time, but numbered by transaction: a seal has both.
ARCHIVED_AFTER = Prepared(
    select(col(seal.number))
    .where(
        own_seals,
        col(seal.transaction_id) >= bindparam("number"),
        tuple_(col(seal.transaction_id), col(seal.transaction_row_id))
        > tuple_(bindparam("number"), bindparam("id", type_=row.id.type)),
        col(seal.transaction_id) <= func.coalesce(last_seal, MAX_NUMBER),
        col(seal.count) > 0,
        col(seal.first_at) <= last_archived,
    )
    .limit(1)
)
