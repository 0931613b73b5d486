"""The folder of the archive: a file has its name once it is on the disk."""

import os
from pathlib import Path
from typing import Any

import pytest

from app.audit.archive.exceptions import VerificationException
from app.audit.archive.store.folder import FolderStore


def test_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a power failure leaves an empty file, or none, under its name."""
    steps: list[str] = []
    fsync, link = os.fsync, os.link

    def record_fsync(descriptor: int) -> None:
        steps.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        fsync(descriptor)

    def record_link(part: str, name: str, **folders: Any) -> None:
        steps.append(f"link {part}")
        link(part, name, **folders)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "link", record_link)
    FolderStore(tmp_path).write_file("day.jsonl.gz", b"rows")
    part = "day.jsonl.gz.part"
    assert steps == [f"sync {part}", f"link {part}", f"sync {tmp_path.name}"]
    assert [path.name for path in tmp_path.iterdir()] == ["day.jsonl.gz"]


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    """Another database may write it between the check and the writing."""
    store = FolderStore(tmp_path)
    store.write_file("day.jsonl.gz", b"rows")
    with pytest.raises(VerificationException, match="adopt"):
        store.write_file("day.jsonl.gz", b"other rows")
    assert store.read_file("day.jsonl.gz") == b"rows"
