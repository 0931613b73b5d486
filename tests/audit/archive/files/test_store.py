"""The folder of the archive: a file has its name once it is on the disk."""

import os
from pathlib import Path

import pytest

from app.audit.archive.files.store import Store


def test_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a power failure leaves an empty file, or none, under its name."""
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def record_fsync(descriptor: int) -> None:
        steps.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        fsync(descriptor)

    def record_replace(path: Path, target: Path) -> Path:
        steps.append(f"rename {path.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(Path, "replace", record_replace)
    Store(tmp_path).write_file("day.jsonl.gz", b"rows")
    part = "day.jsonl.gz.part"
    assert steps == [f"sync {part}", f"rename {part}", f"sync {tmp_path.name}"]
