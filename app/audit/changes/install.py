"""Installation of change data capture (CDC) on a database."""

from functools import cache, partial
from typing import Any

from sqlalchemy import Engine, event, inspect
from sqlalchemy.orm import ColumnProperty, configure_mappers

from app.audit.changes.guard import Guard
from app.audit.changes.listeners import reject_expression
from app.audit.changes.mapping_checks import check_mapping, check_names
from app.audit.changes.recorder import ChangeRecorder
from app.audit.changes.redaction_keys import redaction_keys
from app.audit.changes.session import (
    READ_ONLY,
    REDACTION_KEY,
    AuditedSession,
    note_rollback,
    refuse_commit,
)
from app.audit.changes.tables import Tables
from app.audit.personal.marks import check_personal
from app.audit.personal.postgresql_store import close_engines
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.derived.columns import DERIVATION
from app.core.models import entities


def install_cdc(database: Database, settings: Settings) -> None:
    """Record every write to an entity, and reject writes that can't be recorded.

    Raises:
        UnauditableError: an entity's mapping allows writes that CDC can't record.
    """
    key = redaction_keys(settings)[0]
    for sessions in (database.readers, database.writers):
        info = {REDACTION_KEY: key, READ_ONLY: sessions is database.readers}
        sessions.configure(sync_session_class=AuditedSession, info=info)
    database.writers.configure(listener=partial(ChangeRecorder, key))
    if settings.PERSONAL_KEYS_URL:
        database.on_close.append(close_engines)
    models = entities()
    configure_mappers()
    check_names(models)
    for model in models:
        check_mapping(model)
        check_personal(model)
        for attribute in inspect(model).column_attrs:
            enable_active_history(attribute)
    watch_engine(database.engine.sync_engine, Guard(Tables(models)))


def watch_engine(engine: Engine, guard: Guard) -> None:
    event.listen(engine, "before_cursor_execute", guard, retval=True)
    event.listen(engine, "commit", refuse_commit)
    event.listen(engine, "rollback", note_rollback)
    event.listen(engine, "rollback_savepoint", note_rollback)


# Once: all databases share the mappers.
@cache
def enable_active_history(attribute: ColumnProperty[Any]) -> None:
    """Load the column's old value before it is overwritten, for the change log."""
    if DERIVATION not in attribute.columns[0].info:
        target = attribute.class_attribute
        event.listen(target, "set", reject_expression, active_history=True)
