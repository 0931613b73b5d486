"""Archive files in a folder."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from app.audit.archive.exceptions import ArchiveException, VerificationException
from app.audit.archive.logs import LogName
from app.audit.archive.store.opening import (
    is_irregular,
    list_tree,
    open_file,
    open_parent,
)
from app.audit.archive.store.store import ADOPT, Store
from app.audit.archive.store.writing import create_file, remove_matching
from app.core.text import printable


class FolderStore(Store):
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.location = str(directory)
        if not directory.is_dir():
            # Never create it: an unmounted disk would look like an empty archive.
            raise ArchiveException(
                f"Archive directory {directory} does not exist. Create or mount it."
            )

    def list_paths(self, log: LogName) -> Iterator[str]:
        return (self.name_path(path) for path in self.list_tree(log))

    def list_irregular(self, log: LogName) -> list[str]:
        found = [self.directory / log, *self.list_tree(log)]
        return sorted(self.name_path(path) for path in found if is_irregular(path))

    def list_tree(self, log: LogName) -> Iterator[Path]:
        folder = self.directory / log
        if not folder.is_symlink():
            yield from list_tree(folder)

    def name_path(self, path: Path) -> str:
        return printable(str(path.relative_to(self.directory)))

    def open_file(self, name: str) -> AbstractContextManager[BinaryIO]:
        return open_file(self.directory, name)

    def read_range(self, name: str, start: int, end: int) -> bytes:
        with self.open_file(name) as file:
            file.seek(start)
            return file.read(end - start)

    @contextmanager
    def open_atomic(self, name: str) -> Iterator[BinaryIO]:
        try:
            with create_file(self.directory, name) as file:
                yield file
        except FileExistsError:
            raise VerificationException(
                f"{name} exists already, and was not replaced. {ADOPT}"
            ) from None

    def file_exists(self, name: str) -> bool:
        try:
            with open_parent(self.directory, name) as (folder, base):
                os.stat(base, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def allow_replacement(self, base: str) -> None:
        self.remove_files(base)

    def remove_files(self, base: str) -> None:
        remove_matching(self.directory, f"{base}.*")

    def remove_partial(self, base: str) -> None:
        remove_matching(self.directory, f"{base}.*.part")

    def get_size(self, name: str) -> int:
        with open_file(self.directory, name) as file:
            return os.fstat(file.fileno()).st_size
