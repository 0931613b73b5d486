"""Fixtures of the attacks: logs that are filled and sealed once for each database."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from app.audit.archive.canonical import encode_row
from app.audit.archive.logs import ACCESSES, CHANGES
from app.main import open_database
from app.modules.customers.models import Customer
from tests.audit.archive.attacks.acts.events import change_customer
from tests.audit.archive.attacks.acts.target import ARCHIVED
from tests.audit.archive.attacks.attack import Base
from tests.audit.archive.attacks.outcome import Evidence, export_evidence
from tests.audit.archive.checkpoints.old_seals import seal_as_before
from tests.audit.archive.cold.logs import seal_hundreds
from tests.audit.archive.conftest import copy_log
from tests.audit.archive.rows import AuditLog, make_accesses, make_changes
from tests.audit.archive.verify.tampering import clear_changes
from tests.databases import Template, make_settings


@dataclass
class Original:
    """Logs before an attack, and what is known of them."""

    audit_log: AuditLog
    evidence: list[Evidence]
    live: set[bytes]  # lines of the change log
    archived: set[bytes]


def add_customer(audit_log: AuditLog) -> None:
    """Create a customer and change it three times."""

    async def run(_: object) -> None:
        email = "ann@example.com"
        async with (
            open_database(audit_log.settings) as database,
            database.writing() as session,
        ):
            session.add(Customer(name="Ann", email=email, email_key=email))

    audit_log.run(run)
    for _ in range(3):
        change_customer(audit_log)


def fill_archived(audit_log: AuditLog) -> None:
    audit_log.fill(days=4)
    audit_log.archive(ARCHIVED)
    add_customer(audit_log)
    audit_log.seal()


def fill_live(audit_log: AuditLog) -> None:
    audit_log.fill(days=4)
    add_customer(audit_log)
    audit_log.seal()


def fill_large(audit_log: AuditLog) -> None:
    audit_log.add(CHANGES, make_changes(days=3, each=100))
    audit_log.add(ACCESSES, make_accesses(days=1))
    audit_log.seal()


def fill_cold(audit_log: AuditLog) -> None:
    audit_log.add(CHANGES, make_changes(days=4, each=100))
    seal_hundreds(audit_log)
    audit_log.archive(ARCHIVED)
    add_customer(audit_log)
    audit_log.seal()


def fill_upgraded(audit_log: AuditLog) -> None:
    audit_log.fill(days=4)
    add_customer(audit_log)
    seal_as_before(audit_log)
    audit_log.seal()


FILL: dict[Base, Callable[[AuditLog], None]] = {
    Base.ARCHIVED: fill_archived,
    Base.LIVE: fill_live,
    Base.LARGE: fill_large,
    Base.COLD: fill_cold,
    Base.UPGRADED: fill_upgraded,
    Base.OTHER: lambda audit_log: audit_log.fill(days=4),
}


Originals = Callable[[Base], Original]


@pytest.fixture(scope="module")
def originals(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Originals]:
    """Return a function that fills the logs of a base when they are first asked for."""
    with ExitStack() as stack:

        @cache
        def fill(base: Base) -> Original:
            url = stack.enter_context(template.copy())
            folder = tmp_path_factory.mktemp(base)
            audit_log = clear_changes(AuditLog(make_settings(url), folder))
            FILL[base](audit_log)
            live = {*map(encode_row, audit_log.rows(CHANGES))}
            archived = {*audit_log.lines(CHANGES)}
            evidence = export_evidence(audit_log)
            return Original(audit_log, evidence, live, archived)

        yield fill


@pytest.fixture
def copies(
    originals: Originals, template: Template, tmp_path: Path
) -> Iterator[Callable[[Base], AuditLog]]:
    """Return a function that copies the logs of a base into a folder of the test."""
    with ExitStack() as stack:

        def copy(base: Base) -> AuditLog:
            audit_log = originals(base).audit_log
            folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
            return stack.enter_context(copy_log(audit_log, template, folder))

        yield copy
