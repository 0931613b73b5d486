"""Files of a backup: copies that are synced to disk, and a list with their hashes."""

import os
import shutil
from collections.abc import Iterator
from errno import EEXIST
from filecmp import cmp
from hashlib import file_digest
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from app.audit.access.segments import SUFFIX, list_folder, open_regular
from app.audit.archive.store.opening import list_tree
from scripts.backups.exceptions import BackupException

LIST = "backup.json"
PARTIAL = ".partial"
PART = ".part"  # of the name of a file that is not complete


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, and sync it to disk.

    Raises:
        FileNotFoundError: there is no source.
        FileExistsError: there is a target already.
        BackupException: the source is no file, or the disk is full.
    """
    try:
        copy_new(source, target)
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as error:
        raise BackupException(f"{source} was not copied: {error.strerror}") from None


def copy_new(source: Path, target: Path) -> None:
    """Copy a file, which has its name once it is complete: a restore can be killed."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}{PART}")
    part.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with (
        open_regular(source) as data,
        os.fdopen(os.open(part, flags, 0o600), "wb") as file,
    ):
        shutil.copyfileobj(data, file)
        file.flush()
        os.fsync(file.fileno())
    give_name(part, target)


def give_name(part: Path, target: Path) -> None:
    """Rename a file, which must not replace another one."""
    try:
        os.link(part, target)
    except FileExistsError:
        part.unlink()
        raise
    except OSError:  # a file system without links, as on a removable disk
        if os.path.lexists(target):
            part.unlink()
            raise FileExistsError(EEXIST, os.strerror(EEXIST), str(target)) from None
        part.rename(target)
    else:
        part.unlink()


def copy_spool(source: Path, target: Path) -> None:
    """Copy the segments of a spool, of which the loader may delete any meanwhile."""
    for path in list_folder(source):
        if not path.is_file():
            continue
        try:
            copy_file(path, target / path.name)
        except FileNotFoundError:
            continue
        if path.suffix == SUFFIX:
            cut_torn_line(target / path.name)


def cut_torn_line(path: Path) -> None:
    """Remove a line that was being written while it was copied."""
    data = path.read_bytes()
    os.truncate(path, data.rfind(b"\n") + 1)


def copy_new_files(source: Path, target: Path) -> int:
    """Copy the files that the target lacks, with their folders; return their number."""
    count = 0
    for path in list_files(source):
        copied = target / path.relative_to(source)
        if not copied.exists():
            copy_file(path, copied)
            count += 1
    return count


def has_others(folder: Path, copied: Path) -> bool:
    """Return whether a folder has links, or files that are not those of its copy."""
    entries = (path for path in list_tree(folder) if path.suffix != PART)
    return not all(is_same(path, copied / path.relative_to(folder)) for path in entries)


def is_same(path: Path, other: Path) -> bool:
    if path.is_dir() and not path.is_symlink():
        return True  # its files are asked one by one
    both = path.is_file() and other.is_file() and not path.is_symlink()
    return both and cmp(path, other, shallow=False)


def list_files(folder: Path) -> Iterator[Path]:
    for path in sorted(list_tree(folder)):
        if path.is_file() and not path.is_symlink():
            yield path


def hash_files(folder: Path) -> dict[str, str]:
    found = {}
    for path in list_files(folder):
        if path.name != LIST:
            with path.open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
            found[path.relative_to(folder).as_posix()] = digest
    return found


def write_list(folder: Path, values: dict[str, Any]) -> None:
    content = values | {"sha256": hash_files(folder)}
    write_new(folder / LIST, orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def write_new(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


class BackupList(BaseModel):
    release: str
    database: str
    archive: str
    sha256: dict[str, str]


def read_list(folder: Path) -> BackupList:
    """Return the list of a complete backup, whose files are as they were.

    Raises:
        BackupException: it is not complete, or was changed.
    """
    try:
        values = BackupList.model_validate_json((folder / LIST).read_bytes())
    except (OSError, ValueError):
        raise BackupException(f"{folder} is no complete backup: no {LIST}") from None
    if changed := sorted(values.sha256.items() ^ hash_files(folder).items()):
        names = ", ".join(dict.fromkeys(name for name, _ in changed))
        raise BackupException(f"Damaged, missing or added in {folder}: {names}")
    return values


def complete(partial: Path) -> Path:
    """Sync the folder, and give it its name; an interrupted backup never has one."""
    for path in [*list_tree(partial), partial]:
        if path.is_dir():
            sync(path)
    done = partial.with_name(partial.name.removesuffix(PARTIAL))
    partial.rename(done)
    sync(done.parent)
    return done


def sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
