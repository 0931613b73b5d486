"""Turns the audit on for one database: every session, every entity, every statement."""

from sqlalchemy import event, inspect
from sqlalchemy.orm import configure_mappers

from app.audit.changes.guard import Guard
from app.audit.changes.listeners import refuse_expression
from app.audit.changes.mapping_checks import check_shape
from app.audit.changes.session import KEY, AuditedSession
from app.auth.tokens.keys import derive_key
from app.core.config import Settings
from app.core.db.database import Database
from app.core.models import Entity, entities


def install_cdc(database: Database, settings: Settings) -> None:
    """Audit every write of this database, and refuse those that cannot be.

    Raises:
        UnauditableError: an entity is mapped in a way that has a blind spot.
    """
    key = derive_key(settings.SECRET_KEY.get_secret_value(), "audit redaction")
    for sessions in (database.readers, database.writers):
        sessions.configure(sync_session_class=AuditedSession, info={KEY: key})
    models = entities()
    guard = Guard([model.__table__.name for model in models])
    event.listen(database.engine.sync_engine, "before_cursor_execute", guard)
    configure_mappers()
    for model in models:
        check_shape(model)
        keep_old_values(model)


def keep_old_values(model: type[Entity]) -> None:
    """Load a value before it is overwritten, so that the history can tell it."""
    for attribute in inspect(model).column_attrs:
        target = attribute.class_attribute
        if not event.contains(target, "set", refuse_expression):
            event.listen(target, "set", refuse_expression, active_history=True)
