"""Consistency check: replays the change log and compares it with the records.

A merge of two sorted streams: memory does not grow with the number of records, and a
record takes a dozen microseconds more than its rows take to be read.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.changes.snapshots import column_names, snapshot
from app.audit.consistency.findings import (
    Finding,
    Note,
    uncompared,
    underived,
    unreadable,
    without_id,
    without_key,
)
from app.audit.consistency.redacted import RedactedValues
from app.audit.consistency.replay import Replay, State
from app.audit.consistency.repository import (
    ConsistencyRepository,
    id_of,
)
from app.audit.consistency.revealed import Unreadable
from app.audit.consistency.unaudited import UnauditedWrites
from app.core.db.derived.columns import derivations_of
from app.core.db.json_text import INVALID_JSON, dump_json
from app.core.models import Entity

Event = tuple[UUID, Any, Any]  # an id, with either one of its changes or its row


class ConsistencyCheck:
    """Comparison of an entity's records with the change log, in one pass.

    `keys` are the redaction keys, the current one first. The session must read from
    one snapshot, so that a concurrent write is seen in both or in neither.
    """

    def __init__(
        self, session: AsyncSession, model: type[Entity], keys: tuple[bytes, ...]
    ) -> None:
        self.repository = ConsistencyRepository(session, model)
        self.model, self.keys = model, keys

    async def find_inconsistencies(self) -> AsyncIterator[Finding]:
        self.archived = await self.repository.archived_changes()
        self.unaudited = UnauditedWrites(await self.repository.unaudited_writes())
        if count := await self.repository.count_without_key():
            yield Finding(self.model.__name__, None, None, without_key(count))
        if count := await self.repository.count_without_id():
            yield Finding(self.model.__name__, None, None, without_id(count))
        record: Record | None = None
        async for id, change, row in self.events():
            if record is None or record.id != id:
                for finding in record.finish() if record else ():
                    yield finding
                record = Record(self, id)
            for finding in record.add(change, row):
                yield finding
        for finding in record.finish() if record else ():
            yield finding

    async def events(self) -> AsyncIterator[Event]:
        """Merge changes and rows by id. A record's changes precede its row."""
        rows = self.repository.rows()
        row = await anext(rows, None)
        async for change in self.repository.changes():
            id = id_of(change, "entity_id")
            while row is not None and id_of(row, "id") < id:
                yield id_of(row, "id"), None, row
                row = await anext(rows, None)
            yield id, change, None
        while row is not None:
            yield id_of(row, "id"), None, row
            row = await anext(rows, None)


class Record:
    """One record's changes and row, as they come, and the findings on them."""

    def __init__(self, check: ConsistencyCheck, id: UUID) -> None:
        self.check, self.id = check, id
        redacted = RedactedValues(id, check.keys, check.model.redacted)
        self.replay = Replay(id, check.archived, redacted)
        self.row: Any = None

    def add(self, change: Any, row: Any) -> Iterator[Finding]:
        self.row = row
        if change is None:
            return
        if isinstance(change, Unreadable):
            yield self.finding(change.key[1], unreadable(change.error))
            return
        if not isinstance(change.version, int):
            yield self.finding(change.version, unreadable("version"))
            return
        for document in (change.old, change.new):
            if document is not None and not is_readable(document):
                yield self.finding(change.version, unreadable("JSON"))
                return
        for problem, since in self.replay.apply(change):
            reason = self.check.unaudited.explain(since, change.at)
            yield self.finding(change.version, problem, reason)

    def finish(self) -> Iterator[Finding]:
        if isinstance(self.row, Unreadable):
            yield self.finding(None, unreadable(self.row.error))
            return
        raw = self.row and self.row._mapping
        state = self.row and self.state_of(raw)
        version = self.row.version if self.row else self.replay.version
        for problem, since in self.replay.finish(state, raw):
            reason = self.check.unaudited.explain(since, None)
            yield self.finding(version, problem, reason)
        if raw:
            yield from self.check_derived(raw)
        if count := self.replay.redacted.uncompared:
            yield Note(self.check.model.__name__, self.id, None, uncompared(count))

    def check_derived(self, raw: Any) -> Iterator[Finding]:
        derived = derivations_of(self.check.model.__table__)
        wrong = [it.name for it in derived if raw[it.name] != it.value(raw)]
        if wrong:
            reason = self.check.unaudited.explain(self.replay.at, None)
            yield self.finding(raw["version"], underived(wrong), reason)

    def finding(
        self, version: int | None, problem: str, reason: str | None = None
    ) -> Finding:
        return Finding(self.check.model.__name__, self.id, version, problem, reason)

    def state_of(self, row: Any) -> State:
        """Return the row's values as the change log stores and returns them."""
        salt = self.check.keys[0] + self.id.bytes
        base = {name: row[name] for name in column_names(self.check.model)}
        state: State = json.loads(dump_json(snapshot(self.check.model, base, salt)))
        return state


def is_readable(document: Any) -> bool:
    return isinstance(document, dict) and INVALID_JSON not in document
