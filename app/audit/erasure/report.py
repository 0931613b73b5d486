"""Report of an erasure: the data that stays, as rows are sealed in clear."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, or_, select

from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import ACCESSES, CHANGES, Log
from app.audit.erasure.person import Person
from app.audit.erasure.repository import ErasureRepository
from app.audit.personal.envelopes import key_id
from app.audit.repository import from_clause
from app.auth.models import User
from app.core.db.session import DatabaseSession

CLEAR = (
    "{count} entries of the change log have personal values in clear: they were sealed "
    "before PERSONAL_KEYS_URL was set, or restored. Changing them would break the seals"
)
ACTOR = (
    "{count} entries of the change log name the user as their actor in clear "
    "(actor_label, actor_name): they were sealed before PERSONAL_KEYS_URL was set"
)
REQUESTS = (
    "{count} requests of the user are in the access log in clear, with user_label, "
    "user_name, ip, user_agent and query: they were sealed before it was set"
)
ARCHIVED = (
    "{count} archive files were not read: what they have in clear stays. Values that "
    "were encrypted are unreadable there, too"
)
ELSEWHERE = (
    "Queries, paths, reasons and texts of other records may name the person: "
    "they are not searched"
)
REMAINS = {
    "sqlite": (
        "Free pages of the file may have former values, and search indexes parts of "
        "them: --vacuum rewrites both"
    ),
    "postgresql": (
        "Dead rows have former values until VACUUM, statistics of columns until "
        "ANALYZE, and the WAL for longer"
    ),
}
BACKUPS = (
    "Backups that were made before have the live values, and are erased again when "
    "they are restored. Delete copies of the key store: they have the key"
)


class ErasureReport:
    def __init__(self, session: DatabaseSession, person: Person) -> None:
        self.session, self.person = session, person

    async def unreachable(self, *, is_rewritten: bool = False) -> list[str]:
        """Return a sentence for each place that keeps data of the person.

        `is_rewritten` says that a file of SQLite has no free pages any more.
        """
        counts = {CLEAR: await self.count_clear(), ARCHIVED: await self.count_files()}
        if self.person.model is User:
            counts |= await self.count_as_user()
        found = [text.format(count=n) for text, n in counts.items() if n]
        dialect = self.session.dialect.name
        if not (is_rewritten and dialect == "sqlite"):
            found.append(REMAINS[dialect])
        return [*found, ELSEWHERE, BACKUPS]

    async def count_clear(self) -> int:
        rows = await ErasureRepository(self.session).recorded_values(self.person)
        return sum(any(self.clear_names(values)) for values in rows)

    def clear_names(self, values: dict[str, Any]) -> Iterator[str]:
        for name, left in self.person.erased().items():
            value = values.get(name)
            if value not in (None, "", left) and key_id(value) is None:
                yield name

    async def count_files(self) -> int:
        files = FileRepository(self.session)
        return sum([len(await files.list_files(log)) for log in (CHANGES, ACCESSES)])

    async def count_as_user(self) -> dict[str, int]:
        return {
            ACTOR: await self.count_named(CHANGES),
            REQUESTS: await self.count_named(ACCESSES),
        }

    async def count_named(self, log: Log) -> int:
        """Return the number of entries that name this user in clear."""
        entries = from_clause(log.live, "restored")
        user, label, name = (
            entries.c[f"{log.actor}_{it}"] for it in ("id", "label", "name")
        )
        named = user == self.person.id, or_(label.is_not(None), name.is_not(None))
        query = select(func.count().label("count")).select_from(entries).where(*named)
        return int(await self.session.value(query))
