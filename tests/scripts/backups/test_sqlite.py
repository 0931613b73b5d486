"""Faults of SQLite's files in a backup, a restore and a rewriting: one sentence."""

import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.audit.erasure.exceptions import ErasureException
from scripts.backups.exceptions import BackupException
from scripts.backups.sqlite import SqliteDatabase
from scripts.personal_data import rewrite_file
from tests.databases import make_settings

FULL = 20_000  # bytes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database that is larger than FULL."""
    with closing(sqlite3.connect(tmp_path / "app.db")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE product (name)")
        database.execute("INSERT INTO product VALUES (zeroblob(50000))")
        database.commit()
    return tmp_path / "app.db"


@pytest.fixture
def full_disk(path: Path) -> Iterator[None]:
    assert path.stat().st_size > FULL
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
def test_a_copy_that_does_not_fit_on_the_disk_is_reported(path: Path) -> None:
    with pytest.raises(BackupException, match=f"^{path} was not copied: "):
        SqliteDatabase(f"sqlite:///{path}").dump(path.with_name("copy.db"))


def test_a_damaged_copy_is_reported(path: Path) -> None:
    copy = path.with_name("copy.db")
    copy.write_bytes(b"x" * 5_000)
    damaged = SqliteDatabase(f"sqlite:///{path}").opened(copy)
    with pytest.raises(BackupException, match=f"^{copy} is damaged: "), damaged:
        pass


def test_a_database_is_restored_to_a_disk_without_links(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", link)
    restored = path.with_name("restored.db")
    SqliteDatabase(f"sqlite:///{restored}").load(path)
    assert restored.read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_former_values_that_a_reader_keeps_are_reported(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are in the write-ahead log for as long as it is read."""
    monkeypatch.setattr("scripts.backups.vacuum.TIMEOUT", 0.1)
    settings = make_settings(f"sqlite:///{path}")
    monkeypatch.setattr("scripts.personal_data.settings", settings)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM product").fetchall()
        with pytest.raises(ErasureException, match="Repeat the command"):
            rewrite_file()
        reader.execute("COMMIT")
    rewrite_file()
    assert path.with_name("app.db-wal").exists() is False
