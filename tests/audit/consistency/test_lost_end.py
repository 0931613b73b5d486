"""The self-check compares the end of the log with exported checkpoints."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import delete

from app.audit.archive.checkpoints.export import export_checkpoints
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.logs import model_table
from app.audit.archive.verify.evidence_file import parse_evidence
from app.core.config import Settings
from app.main import open_database
from app.modules.products.models import Product
from scripts.check_audit import read_exported
from tests.audit.archive.rows import AuditLog
from tests.audit.archive.verify.tampering import execute
from tests.databases import Template, make_settings
from tests.processes.forked import Done, command
from tests.processes.servers import environment

pytestmark = pytest.mark.slow

OLDER = "The database is an older or incomplete copy, or the end of its log was deleted"


def check(settings: Settings, seals: Path | str) -> Done:
    env = environment(settings.DATABASE_URL, AUDIT_SEAL_FILE=str(seals))
    return command(("scripts/check_audit.py",), env)


def add_products(settings: Settings, *skus: str) -> None:
    async def write() -> None:
        async with open_database(settings) as database, database.writing() as session:
            for sku in skus:
                session.add(Product(sku=sku, name="Pen", price=Decimal("1.50")))

    asyncio.run(write())


@pytest.fixture
def audit_log(settings: Settings, tmp_path: Path) -> AuditLog:
    return AuditLog(settings, tmp_path)


@pytest.fixture
def seals(audit_log: AuditLog, tmp_path: Path) -> Path:
    """Return the file that has the checkpoint after a first product."""
    add_products(audit_log.settings, "PEN-1")
    return export(audit_log, tmp_path / "checkpoints.txt")


def export(audit_log: AuditLog, file: Path) -> Path:
    """Append the newest checkpoints, as the application does after each seal."""
    audit_log.seal()
    notes = audit_log.run(lambda context: export_checkpoints(context.database))
    with file.open("a") as seals:
        seals.write(notes)
    return file


@pytest.fixture
def older(audit_log: AuditLog, seals: Path, template: Template) -> Iterator[Settings]:
    """Return the settings of a copy that lacks a later change, which is exported."""
    with template.copy(audit_log.settings.DATABASE_URL) as url:
        add_products(audit_log.settings, "PEN-2", "PEN-3")
        export(audit_log, seals)
        yield make_settings(url)


def test_an_older_copy_is_found(
    audit_log: AuditLog, older: Settings, seals: Path
) -> None:
    done = check(older, seals)
    assert (done.code, OLDER in done.output) == (1, True)
    assert check(older, "").code == 0
    assert check(audit_log.settings, seals).code == 0


def test_a_log_that_was_continued_differently_is_found(
    older: Settings, seals: Path, tmp_path: Path
) -> None:
    add_products(older, "PEN-4", "PEN-5", "PEN-6")
    AuditLog(older, tmp_path).seal()
    done = check(older, seals)
    assert (done.code, "is not the one that was exported" in done.output) == (1, True)


def test_a_seal_that_was_lost_and_made_again_is_no_finding(
    audit_log: AuditLog, seals: Path
) -> None:
    """A power failure may lose the newest seal, and not its rows."""
    execute(audit_log, delete(model_table(AuditSeal)))
    add_products(audit_log.settings, "PEN-2")
    assert audit_log.seal() > 1
    done = check(audit_log.settings, seals)
    assert (done.code, done.errors) == (0, "")
    assert audit_log.verify(*parse_evidence(seals.read_text())).findings == []


def test_the_file_of_another_log_is_found(
    seals: Path, template: Template, tmp_path: Path
) -> None:
    with template.copy() as url:
        done = check(make_settings(url), seals)
    assert (done.code, "this database has no log of that name" in done.output) == (
        1,
        True,
    )


@pytest.mark.parametrize("content", ["{}", "no checkpoint", "a\n1\n!\n\n— a b\n"])
def test_an_unreadable_file_is_no_empty_one(tmp_path: Path, content: str) -> None:
    seals = tmp_path / "seals.txt"
    seals.write_text(content)
    with pytest.raises((ValueError, KeyError)):
        read_exported(str(seals))


def test_a_missing_file_makes_the_check_incomplete(
    settings: Settings, tmp_path: Path
) -> None:
    seals = tmp_path / "seals.txt"
    done = check(settings, seals)
    assert (done.code, done.output) == (3, "")
    assert done.errors.startswith(f"{seals} does not exist. The application makes it ")


def test_a_plain_copy_of_the_file_lacks_what_is_in_the_wal(
    audit_log: AuditLog, seals: Path, tmp_path: Path
) -> None:
    """The copy is intact, and consistent in itself."""
    url = audit_log.settings.DATABASE_URL
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL has no single file")
    file, copied = Path(url.removeprefix("sqlite:///")), tmp_path / "copied.db"
    with closing(sqlite3.connect(file)) as other:  # so that the WAL stays
        other.execute("SELECT * FROM product").fetchone()
        add_products(audit_log.settings, "PEN-2", "PEN-3")
        export(audit_log, seals)
        shutil.copy(file, copied)
    copy = make_settings(f"sqlite:///{copied}")
    with closing(sqlite3.connect(copied)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert opened.execute("SELECT count(*) FROM product").fetchone() == (1,)
    assert check(copy, "").code == 0
    assert check(copy, seals).code == 1
