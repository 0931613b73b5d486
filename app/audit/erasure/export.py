"""Export of a person's data: the record, its history, and what a user left behind.

The changes that a user has made to other records are listed without their values,
which are data of others.
"""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Table, select, tuple_

from app.audit.archive.logs import LOGS
from app.audit.archive.rows.reading import read_log
from app.audit.erasure.person import Person
from app.audit.repository import from_clause
from app.auth.keys.models import ApiKey
from app.auth.models import AuthSession, User
from app.core.db.database import Database
from app.core.db.derived.columns import base_columns

BATCH = 1_000
SECRETS = {"password_hash", "token_hash", "key_hash"}
VALUES = {"old", "new"}
Item = dict[str, Any]


class PersonExport:
    """Items, each with its `kind`; without secrets and columns that are empty."""

    def __init__(self, database: Database, person: Person) -> None:
        self.database, self.person = database, person

    async def items(self) -> AsyncIterator[Item]:
        id = self.person.id
        changes, accesses = (from_clause(it.live, "restored") for it in LOGS.values())
        async for item in self.records():
            yield item
        own = changes.c.entity.in_(self.person.names) & (changes.c.entity_id == id)
        async for row in self.log(changes, own):
            yield item_of("change", row)
        if self.person.model is User:
            async for row in self.log(changes, (changes.c.actor_id == id) & ~own):
                yield item_of("change_made", row, VALUES)
            async for row in self.log(accesses, accesses.c.user_id == id):
                yield item_of("request", row)

    async def records(self) -> AsyncIterator[Item]:
        table = self.person.model.__table__
        queries = {"record": select(*base_columns(table)).where(self.is_id(table))}
        if self.person.model is User:
            for kind, model in (("session", AuthSession), ("api_key", ApiKey)):
                rows: Table = getattr(model, "__table__")  # noqa: B009
                own = rows.c.user_id == self.person.id
                queries[kind] = select(*base_columns(rows)).where(own)
        async with self.database.reading() as session:
            for kind, query in queries.items():
                for row in await session.rows(query):
                    yield item_of(kind, row)

    def is_id(self, table: Table) -> ColumnElement[bool]:
        return table.c.id == self.person.id

    async def log(
        self, table: FromClause, where: ColumnElement[bool]
    ) -> AsyncIterator[Item]:
        """Yield rows of a log, oldest first, decrypted."""
        key = tuple_(table.c.at, table.c.id)
        ordered = select(table).where(where).order_by(*key).limit(BATCH)
        query = ordered
        while True:
            async with self.database.reading() as session:
                rows = await read_log(session, query)
            for row in rows:
                yield row
            if len(rows) < BATCH:
                return
            query = ordered.where(key > tuple_(rows[-1]["at"], rows[-1]["id"]))


def item_of(kind: str, row: Item, without: set[str] = SECRETS) -> Item:
    hidden = SECRETS | without
    values = {k: v for k, v in row.items() if v is not None and k not in hidden}
    return {"kind": kind} | values
