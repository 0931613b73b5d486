"""Tables known to the guard, and the marks of statements that may write to them."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper
from sqlmodel import SQLModel

from app.audit.changes.sql.names import Write
from app.audit.changes.sql.writes import DML
from app.audit.models import AuditChange
from app.core.models import Entity

NONE: frozenset[str] = frozenset()
VERSION = "alembic_version"  # Database.attempt_to_write() deletes none of its rows
RECORDED = "recorded"  # the execution option that marks a statement


def recorded(table: str) -> dict[str, Any]:
    """Return options that let one statement, which the caller records, write to it."""
    # Not a context manager, which would also let pass what listeners execute.
    return {RECORDED: frozenset({table})}


LOGGED = recorded(str(AuditChange.__tablename__))


class Tables:
    def __init__(self, models: Iterable[type[Entity]]) -> None:
        known = {*SQLModel.metadata.tables, VERSION}
        entities = {str(AuditChange.__tablename__)}
        self.own: dict[Mapper[Any], frozenset[str]] = {}
        for model in models:
            mapper = inspect(model).base_mapper
            own = frozenset(
                str(each.local_table.name) for each in mapper.self_and_descendants
            )
            self.own[mapper] = own
            entities |= own
            known |= {*model.metadata.tables}
        self.exempt = frozenset(known - entities)

    def is_exempt(self, write: Write) -> bool:
        """Return whether the write is to a known table without entities."""
        return write.verb in DML and write.table in self.exempt

    def of_unit_of_work(self, options: Mapping[str, Any]) -> frozenset[str]:
        """Return the entity tables that the unit of work writes to with `options`.

        Empty for other statements, such as those that listeners execute in a flush.
        """
        cache = options.get("compiled_cache")
        if cache is None:
            return NONE
        # The unit of work compiles the statements of a mapper into a cache of its own,
        # which is replaced when an attribute is added to the class.
        found = (own for it, own in self.own.items() if it._compiled_cache is cache)
        return next(found, NONE)
