"""Segments whose files others remove, move, truncate or lock away."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.audit.access import own_segment
from app.audit.access.loader import Loader
from app.audit.access.segments import list_folder
from app.audit.access.spool import Spool
from app.audit.archive.store.opening import list_tree
from app.core.config import Settings
from app.main import open_database

NOBODY = 65_534
Damage = Callable[[Path], object]


def segment_of(folder: Path) -> Path:
    (path,) = folder.glob("*.jsonl")
    return path


def replace_segment(folder: Path) -> None:
    path = segment_of(folder)
    path.unlink()
    path.write_bytes(b"")


DAMAGES: dict[str, tuple[Damage, str]] = {
    "folder removed": (shutil.rmtree, "removed"),
    "file removed": (lambda folder: segment_of(folder).unlink(), "removed"),
    "folder moved": (lambda folder: folder.rename(f"{folder}.old"), "moved"),
    "file moved": (lambda folder: segment_of(folder).rename(folder / "x"), "moved"),
    "file replaced": (replace_segment, "removed"),
    "file emptied": (lambda folder: segment_of(folder).write_bytes(b""), "truncated"),
    "file cut": (lambda folder: os.truncate(segment_of(folder), 5), "truncated"),
}


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool")
    yield spool
    spool.close()


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("name", DAMAGES)
def test_no_line_is_lost(spool: Spool, name: str, *, closed: bool) -> None:
    damage, word = DAMAGES[name]
    spool.write(b"before\n")
    if closed:
        spool.rotate()
    damage(spool.folder)
    if not closed:
        spool.write(b"meanwhile\n")
    spool.repair()
    spool.repair()
    assert dict(spool.damages) == {word: 1}
    spool.rotate()
    spool.write(b"after\n")
    lines = [each for segment in spool.own_segments() for each in segment.read_lines()]
    assert lines == [b"before\n", *([] if closed else [b"meanwhile\n"]), b"after\n"]
    # They are on the disk again: another process loads them if this one is killed.
    stored = {path: path.read_bytes() for path in spool.folder.glob("*.jsonl")}
    assert b"".join(lines) in b"".join(stored[path] for path in sorted(stored))
    assert spool.lost_lines == 0


def test_a_segment_too_large_for_memory_is_read_from_its_file(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_segment, "MAX_COPY_BYTES", 10)
    for _ in range(3):
        spool.write(b"a line\n")
    shutil.rmtree(spool.folder)
    spool.repair()
    assert segment_of(spool.folder).read_bytes() == b"a line\n" * 3
    os.truncate(segment_of(spool.folder), 7)
    spool.repair()
    assert segment_of(spool.folder).read_bytes() == b"a line\n"
    assert spool.lost_lines == 2


@contextmanager
def without_privileges(folder: Path) -> Iterator[None]:
    """Drop root's privilege to write everywhere."""
    if os.geteuid():
        yield
        return
    os.chown(folder, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_becomes_read_only() -> None:
    with TemporaryDirectory() as root, without_privileges(Path(root)):
        folder = Path(root, "spool")
        spool = Spool(folder)
        spool.write(b"first\n")
        folder.chmod(0o500)
        spool.write(b"second\n")
        spool.repair()
        assert (spool.fault, spool.lost_lines) == (None, 0)
        spool.rotate()
        spool.write(b"third\n")
        assert (spool.fault, spool.lost_lines) == ("Permission denied", 0)
        assert list(spool.unsaved) == [b"third\n"]
        folder.chmod(0o700)
        spool.repair()
        assert (spool.fault, list(spool.unsaved)) == (None, [])
        folder.chmod(0o000)
        spool.write(b"fourth\n")
        spool.repair()
        assert spool.fault == "Permission denied"
        folder.chmod(0o700)
        spool.repair()
        assert spool.fault is None
        found = b"".join(path.read_bytes() for path in sorted(folder.glob("*")))
        assert found == b"first\nsecond\nthird\nfourth\n"
        spool.close()
        assert spool.lost_lines == 0


@pytest.mark.parametrize(
    "read", [list_folder, lambda it: [*list_tree(it)]], ids=["spool", "archive"]
)
def test_a_folder_that_cannot_be_read_is_not_empty(
    read: Callable[[Path], list[Path]],
) -> None:
    """Path.glob() finds nothing in it: its files would be neither loaded nor copied."""
    with TemporaryDirectory() as root, without_privileges(Path(root)):
        folder = Path(root, "spool")
        assert read(folder) == []
        folder.mkdir()
        (folder / "a.jsonl").touch()
        assert read(folder) == [folder / "a.jsonl"]
        folder.chmod(0o000)
        with pytest.raises(PermissionError):
            read(folder)
        folder.chmod(0o700)


def test_segments_that_cannot_be_listed_are_reported(
    settings: Settings, tmp_path: Path
) -> None:
    """Those of former processes wait in the folder, and /readyz says so."""
    folder = tmp_path / "spool"
    folder.write_text("no folder")

    async def load() -> str | None:
        async with open_database(settings) as database:
            loader = Loader(Spool(folder), database)
            await loader.load()
            return loader.fault

    assert asyncio.run(load()) == "NotADirectoryError"
