"""Past values of derived columns: folded here, as no database folds text alike."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    CTE,
    JSON,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)

from app.audit.history.collection.past_table import PastTable
from app.audit.history.collection.scope import RECORD, Scope
from app.audit.personal.past_values import derivation_of
from app.audit.personal.reading import reveal_states
from app.core.db.derived.columns import SEARCH_TEXT, Derivation
from app.core.db.driver.compiled import Row
from app.core.db.personal.key_urls import key_url_of
from app.core.db.session import DatabaseSession

BATCH_CHANGES = 5_000


class DerivedValues:
    """Derived columns as of then, of the records whose sources changed since."""

    def __init__(
        self, session: DatabaseSession, columns: Sequence[Any], words: Sequence[str]
    ) -> None:
        self.session, self.words = session, words
        self.derivations = [derivation_of(it) for it in columns]
        self.names = sorted({n for it in self.derivations for n in it.sources})

    async def read(self, scope: Scope) -> CTE:
        """Return the values as a table, with their ids."""
        sources = [scope.table.c[name] for name in self.names]
        values: dict[str, list[str | None]] = {}
        async for batch in self.batches(scope):
            found = await self.session.rows(PastTable(batch, sources).changed())
            rows = await reveal_states(key_url_of(self.session), found)
            values |= await asyncio.to_thread(self.derive, rows)
        return self.table(json.dumps(values))

    async def batches(self, scope: Scope) -> AsyncIterator[Scope]:
        """Yield ranges of records, each with about BATCH_CHANGES later changes."""
        ids = select(RECORD).order_by(RECORD).offset(BATCH_CHANGES).limit(1)
        while True:
            beyond = [scope.first < RECORD] if scope.first else []
            end = await self.session.value(ids.where(*scope.later(), *beyond))
            yield replace(scope, end=end or scope.end)
            if end is None:
                return
            scope = replace(scope, first=end)

    def derive(self, rows: list[Row]) -> dict[str, list[str | None]]:
        return {
            str(row["id"]): [self.value(it, row) for it in self.derivations]
            for row in rows
        }

    def value(self, derivation: Derivation, row: Row) -> str | None:
        """Return the value. Of a search text, the words if it has all of them."""
        value = derivation.value(row)
        if derivation.name != SEARCH_TEXT:
            return value
        has_all = value and all(word in value for word in self.words)
        return "\n".join(self.words) if has_all else ""

    def table(self, document: str) -> CTE:
        """Return the table of a document: id → value of each derived column."""
        text = bindparam(None, document, type_=Text())
        is_sqlite = self.session.dialect.name == "sqlite"
        given = text if is_sqlite else cast(text, JSON)
        each = func.json_each(given).table_valued("key", "value")
        id = func.replace(each.c.key, "-", "") if is_sqlite else cast(each.c.key, Uuid)
        columns: list[Any] = [type_coerce(id, Uuid()).label("id")]
        for place, derivation in enumerate(self.derivations):
            on_sqlite = func.json_extract(each.c.value, literal_column(f"'$[{place}]'"))
            otherwise = each.c.value.op("->>")(literal_column(str(place)))
            value = type_coerce(
                on_sqlite if is_sqlite else otherwise, derivation.column().type
            )
            columns.append(value.label(derivation.name))
        # SQLite has no index on the function, but makes one on a table.
        return select(*columns).cte("derived").prefix_with("MATERIALIZED")
