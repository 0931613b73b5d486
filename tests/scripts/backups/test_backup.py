"""Backup and restore, with what stops each of them."""

import asyncio
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import make_url, select
from sqlmodel import col

from app.audit.access.spool import spool_folder
from app.audit.archive.run.lock import run_lock
from app.core.config import Settings
from app.main import open_database
from app.modules.products.models import Product
from scripts.backups.databases import ARCHIVE
from scripts.backups.exceptions import BackupException
from scripts.backups.files import copy_file, hash_files, read_list
from scripts.backups.postgresql import conninfo
from scripts.backups.restoring import restore_archive
from scripts.backups.sqlite import SqliteDatabase
from tests.audit.consistency.test_check import tamper
from tests.databases import Template
from tests.scripts.backups.conftest import Site

pytestmark = pytest.mark.slow

SEGMENT = "00000000000070008000000000000000.jsonl"


def add_products(settings: Settings, *skus: str) -> None:
    async def write() -> None:
        async with open_database(settings) as database, database.writing() as session:
            for sku in skus:
                session.add(Product(sku=sku, name="Pen", price=Decimal("1.50")))

    asyncio.run(write())


def skus(settings: Settings) -> list[str]:
    async def read() -> list[str]:
        async with open_database(settings) as database, database.reading() as session:
            return sorted(await session.scalars(select(col(Product.sku))))

    return asyncio.run(read())


def export_seals(site: Site) -> None:
    done = site.run("scripts/archive_audit.py", "checkpoint")
    with site.seals.open("a") as file:
        file.write(done.output)


def modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o077 for path in [folder, *folder.rglob("*")]}


def test_a_restored_site_has_what_was_backed_up(site: Site, other_site: Site) -> None:
    add_products(site.settings, "PEN-1", "PEN-2")
    site.audit_log.seal()
    export_seals(site)
    spool = spool_folder(site.settings)
    spool.mkdir(parents=True)
    (spool / SEGMENT).write_bytes(b'{"id":1}\n{"id":2')
    done = site.back_up("--archive")
    assert (done.code, done.errors) == (0, "")
    (backup,) = site.backups
    assert "No findings." in done.output
    assert done.output.endswith(f"Backup: {backup}\n")
    assert modes(backup) == {0}
    names = {path.relative_to(backup).as_posix() for path in backup.rglob("*.*")}
    copy = {"app.db", "app.dump"} & names
    assert names - copy == {"backup.json", "checkpoints.txt", f"spool/{SEGMENT}"}

    done = other_site.restore(backup)
    assert (done.code, done.errors) == (0, "")
    load, adopt = map(done.output.index, ("it loads the spool", "audit.py adopt"))
    assert load < adopt
    assert skus(other_site.settings) == ["PEN-1", "PEN-2"]
    assert other_site.seals.read_text() == site.seals.read_text()
    restored = spool_folder(other_site.settings) / SEGMENT
    assert restored.read_bytes() == b'{"id":1}\n'
    assert other_site.run("scripts/check_audit.py").code == 0
    assert other_site.run("scripts/archive_audit.py", "verify").code == 0

    again = other_site.restore(backup)
    assert (again.code, again.output) == (1, "")
    assert again.errors.endswith(". The database was not restored.\n")
    assert skus(other_site.settings) == ["PEN-1", "PEN-2"]


def test_what_cannot_be_copied_after_the_database_is_left_to_do(
    site: Site, other_site: Site
) -> None:
    """The database is restored then: to say that it is not would be wrong."""
    site.audit_log.seal()
    export_seals(site)
    (site.folder / "archive" / "file").touch()
    assert site.back_up("--no-check", "--archive").code == 0
    (backup,) = site.backups
    (other_site.folder / "file").touch()
    seals = other_site.folder / "file" / "disk" / "seals.txt"
    other_site.values["AUDIT_SEAL_FILE"] = str(seals)
    done = other_site.restore(backup)
    assert (done.code, done.errors) == (0, ""), done
    assert f"{backup}/checkpoints.txt was not copied: Not a directory" in done.output
    assert f"copy {backup}/checkpoints.txt to {seals}." in done.output
    assert (other_site.folder / "archive" / "file").exists()


def test_a_changed_backup_is_not_restored(site: Site, other_site: Site) -> None:
    made = site.back_up("--no-check")
    assert made.code == 0
    assert made.errors.startswith("The backup has no checkpoints: ")
    (backup,) = site.backups
    (copy,) = backup.glob("app.*")
    with copy.open("ab") as file:
        file.write(b"x")
    done = other_site.restore(backup)
    assert (done.code, done.output) == (1, "")
    assert f"Damaged, missing or added in {backup}: {copy.name}" in done.errors


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"sha256": 5}'])
def test_a_folder_with_another_list_is_no_backup(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "backup.json").write_bytes(content)
    with pytest.raises(BackupException, match="is no complete backup"):
        read_list(tmp_path)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE product SET price = 9", "price is '9.00'"),
        ("UPDATE audit_seal SET root = hash", "seal_changed"),
    ],
)
def test_a_copy_that_differs_from_its_log_is_not_completed(
    site: Site, statement: str, found: str
) -> None:
    add_products(site.settings, "PEN-1")
    site.audit_log.seal()
    tamper(site.settings, statement)
    done = site.back_up()
    assert (done.code, found in done.output) == (4, True)
    assert [each.suffix for each in site.backups] == [".partial"]


@pytest.mark.heavy
def test_a_copy_without_exported_entries_is_not_completed(
    site: Site, template: Template
) -> None:
    """Such as one of a database that was replaced by an older one."""
    add_products(site.settings, "PEN-1")
    site.audit_log.seal()
    with template.copy(site.url) as older:
        add_products(site.settings, "PEN-2")
        site.audit_log.seal()
        export_seals(site)
        done = replace(site, url=older).back_up()
    assert (done.code, "only an exported checkpoint has it" in done.output) == (4, True)


@pytest.mark.heavy
def test_no_run_archives_during_a_backup(site: Site) -> None:
    async def hold() -> int:
        async with open_database(site.settings) as database, run_lock(database):
            return (await asyncio.to_thread(site.back_up)).code

    assert asyncio.run(hold()) == 3
    assert site.backups == []


def test_a_missing_database_is_reported(other_site: Site) -> None:
    done = other_site.back_up()
    assert (done.code, done.output, other_site.backups) == (1, "", [])
    assert len(done.errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:secret@h:5/d", "host='h' port='5' user='u' dbname='d'"),
        (
            "postgresql://u@/d?host=a:1&host=b:2&sslmode=require&gssencmode=disable",
            "host='a,b' port='1,2' user='u' dbname='d' sslmode='require'",
        ),
        ("postgresql:///it's?host=/run", r"host='/run' dbname='it\'s'"),
    ],
)
def test_the_address_for_libpq_has_no_password(url: str, expected: str) -> None:
    assert conninfo(make_url(url)) == expected


@pytest.mark.parametrize("ending", ["", "-wal", "-journal"])
def test_no_file_beside_a_lost_database_is_taken_for_its_own(
    tmp_path: Path, ending: str
) -> None:
    """SQLite would apply a write-ahead log of the lost file to the restored one."""
    stale, copy = tmp_path / f"app.db{ending}", tmp_path / "copy.db"
    stale.write_bytes(b"stale")
    copy.write_bytes(b"copy")
    with pytest.raises(BackupException, match="nothing is overwritten"):
        SqliteDatabase(f"sqlite:///{tmp_path}/app.db").load(copy)
    assert stale.read_bytes() == b"stale"


def test_an_interrupted_restore_is_repeated(tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(b"copy")
    (tmp_path / "app.db.part").write_bytes(b"a part")
    SqliteDatabase(f"sqlite:///{tmp_path}/app.db").load(copy)
    assert (tmp_path / "app.db").read_bytes() == b"copy"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.db", "copy.db"]


def copy_a_part(source: IO[bytes], target: IO[bytes]) -> None:
    target.write(source.read(2))
    target.flush()
    raise KeyboardInterrupt


def test_files_of_a_restore_that_was_killed_are_restored_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a segment of the spool nor the archive is taken for what it was."""
    backup, archive = tmp_path / "backup", tmp_path / "archive"
    for folder in (backup / ARCHIVE / "changes", archive):
        folder.mkdir(parents=True)
    for name in ("identity.json", "changes/rows"):
        (backup / ARCHIVE / name).write_bytes(b"content")
    monkeypatch.setattr("scripts.backups.files.shutil.copyfileobj", copy_a_part)
    with pytest.raises(KeyboardInterrupt):
        list(restore_archive(archive, backup / ARCHIVE))
    monkeypatch.undo()
    (archive / "identity.json").write_bytes(b"content")
    assert list(restore_archive(archive, backup / ARCHIVE)) == []
    assert hash_files(archive) == hash_files(backup / ARCHIVE)
    (archive / "changes/rows").unlink()
    (archive / "changes/newer").write_bytes(b"the only copy")
    assert list(restore_archive(archive, backup / ARCHIVE)) == []
    assert not (archive / "changes/rows").exists()


@pytest.mark.parametrize("has_links", [True, False])
def test_a_copy_replaces_no_file_that_appears_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    """Also on a file system without hard links."""

    def link(source: Path, target: Path) -> None:
        raise PermissionError

    if not has_links:
        monkeypatch.setattr("scripts.backups.files.os.link", link)
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"old")
    copy_file(source, target)
    assert target.read_bytes() == b"old"
    target.write_bytes(b"new")
    with pytest.raises(FileExistsError):
        copy_file(source, target)
    assert target.read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "target"]


def test_an_archive_on_a_linked_disk_is_left_as_it_is(tmp_path: Path) -> None:
    backup, archive, disk = (tmp_path / name for name in ("backup", "archive", "disk"))
    for folder in (backup / "changes", archive, disk):
        folder.mkdir(parents=True)
    (backup / "changes/rows").write_bytes(b"old")
    (archive / "changes").symlink_to(disk)
    assert list(restore_archive(archive, backup)) == []
    assert [*disk.iterdir()] == []


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "seals")
    with pytest.raises(BackupException, match="seals was not copied: no regular file"):
        copy_file(tmp_path / "seals", tmp_path / "copy")


def test_a_spool_that_cannot_be_read_ends_a_backup(site: Site) -> None:
    """It is no empty one: the requests in it would be missing from the backup."""
    folder = spool_folder(site.settings)
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("no folder")
    done = site.back_up("--no-check")
    assert done.code == 1
    assert f"{folder}: Not a directory. No backup was completed" in done.errors
