"""Tables known to the guard: those of entities, and those that need no record."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import inspect
from sqlmodel import SQLModel

from app.audit.changes.sql.names import Write
from app.audit.changes.sql.writes import DML
from app.audit.models import AuditChange
from app.core.models import Entity

NONE: frozenset[str] = frozenset()


class Tables:
    def __init__(self, models: Iterable[type[Entity]]) -> None:
        known, entities = {*SQLModel.metadata.tables}, {str(AuditChange.__tablename__)}
        self.unit_of_work: dict[int, frozenset[str]] = {}
        for model in models:
            mapper = inspect(model).base_mapper
            own = frozenset(
                str(each.local_table.name) for each in mapper.self_and_descendants
            )
            # The unit of work compiles its statements into this cache.
            self.unit_of_work[id(mapper._compiled_cache)] = own
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
        return self.unit_of_work.get(id(options.get("compiled_cache")), NONE)
