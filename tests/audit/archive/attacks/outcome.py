"""Reports of the commands on a database and its folder."""

from collections.abc import Awaitable
from dataclasses import dataclass, field

from sqlalchemy import select

from app.audit.archive.canonical import Row, decode_row, encode_row
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import ArchiveException
from app.audit.archive.files.manifest import SealRef
from app.audit.archive.logs import CHANGES, LOGS
from app.audit.archive.restore.restorer import Restorer
from app.audit.archive.run.archiver import Archiver
from app.audit.archive.search.query import SearchQuery
from app.audit.archive.search.search import Search
from app.audit.archive.verify.verify import verify
from app.audit.changes.redaction_keys import redaction_keys
from app.audit.consistency.check import ConsistencyCheck
from app.modules.customers.models import Customer
from tests.audit.archive.attacks.acts.target import ARCHIVED, NEXT
from tests.audit.archive.attacks.attack import Adversary, Attack, Command, Findings
from tests.audit.archive.rows import ALL, PEN, AuditLog

ADDED = ("log", "source")  # to the columns of a row

Answers = dict[str, tuple[str, bytes]]
Evidence = SealRef | str


@dataclass
class Outcome:
    """`answers` are the source and line by row id that `query` and `restore` return."""

    found: Findings = field(default_factory=dict)
    without_evidence: Findings | None = None
    refused: list[Command] = field(default_factory=list)
    inconsistent: list[str] = field(default_factory=list)
    answers: dict[Command, Answers] = field(
        default_factory=lambda: {Command.QUERY: {}, Command.RESTORE: {}}
    )

    def archived_lines(self, command: Command) -> set[bytes]:
        """Return what a command returned as archived."""
        found = self.answers[command].values()
        return {line for source, line in found if source == "archived"}


def export_evidence(audit_log: AuditLog) -> list[Evidence]:
    """Return the newest signed checkpoint of each log."""
    newest = {each.log: each.note for each in audit_log.seals()}
    return [note for note in newest.values() if note]


async def attempt(work: Awaitable[bool]) -> bool:
    try:
        return await work
    except (ArchiveException, OSError):
        return False


class Observer:
    """Run the commands; `run` comes last, because it changes what the others read."""

    def __init__(
        self, audit_log: AuditLog, attack: Attack, evidence: list[Evidence]
    ) -> None:
        self.audit_log = audit_log
        self.attack = attack
        self.evidence = evidence
        self.outcome = Outcome()

    def observe(self) -> Outcome:
        self.audit_log.run(self.run)
        return self.outcome

    async def run(self, context: ArchiveContext) -> None:
        logs, attack = LOGS.values(), self.attack
        needs_evidence = attack.without_evidence is not None or not attack.found
        evidence = self.evidence if needs_evidence else []
        self.outcome.found = dict((await verify(context, logs, evidence)).counts)
        if attack.without_evidence is not None:
            report = await verify(context, logs, [])
            self.outcome.without_evidence = dict(report.counts)
        if attack.adversary is not Adversary.STORAGE:
            self.outcome.inconsistent = await self.check_consistency(context)
        works = {
            Command.QUERY: self.search,
            Command.RESTORE: self.restore,
            Command.RUN: self.archive,
        }
        for command in attack.commands:
            if not await attempt(works[command](context)):
                self.outcome.refused.append(command)

    async def search(self, context: ArchiveContext) -> bool:
        """Search all files, then those blocks that the index points to."""
        rejected = []
        for id in (None, str(PEN)):
            query = SearchQuery(ALL, 1_000, entity="Product", entity_id=id)
            result = await Search(context, query).run()
            rejected += result.rejected
            for row in result.rows:
                self.add_answer(Command.QUERY, row)
        return not rejected

    async def restore(self, context: ArchiveContext) -> bool:
        before = await self.read_restored(context)
        try:
            await Restorer(context, CHANGES).restore_range(ALL)
        finally:
            for row in await self.read_restored(context):
                if row not in before:
                    self.add_answer(Command.RESTORE, row)
        return True

    async def read_restored(self, context: ArchiveContext) -> list[Row]:
        async with context.database.reading() as session:
            rows = await session.execute(select(CHANGES.restored))
        return [decode_row(encode_row(dict(row))) for row in rows.mappings()]

    def add_answer(self, command: Command, row: Row) -> None:
        line = encode_row({key: row[key] for key in row if key not in ADDED})
        source = "live" if row.get("source") == "live" else "archived"
        self.outcome.answers[command].setdefault(row["id"], (source, line))

    async def archive(self, context: ArchiveContext) -> bool:
        """Archive the next day, or only check the folder if that was attacked."""
        storage = self.attack.adversary is Adversary.STORAGE
        before = ARCHIVED if storage else NEXT
        return not (await Archiver(context, CHANGES).run(before)).damage

    async def check_consistency(self, context: ArchiveContext) -> list[str]:
        keys = redaction_keys(self.audit_log.settings)
        async with context.database.snapshot() as session:
            check = ConsistencyCheck(session, Customer, keys)
            return [each.problem async for each in check.find_inconsistencies()]
