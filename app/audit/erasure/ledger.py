"""The ledger of erasures, beside AUDIT_SEAL_FILE and so outside of the database.

A restored backup has the live values of persons who were erased since: the ledger says
whom to erase again. It has ids only. A line is appended before an erasure, and one
after it; one that was interrupted is finished like those that a restore has undone.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from app.audit.erasure.exceptions import ErasureException
from app.core.clock import now
from app.core.config import Settings

SUFFIX = ".erasures"


class State(StrEnum):
    BEGUN = "begun"
    DONE = "done"


@dataclass(frozen=True)
class Erasure:
    entity: str
    id: UUID
    reason: str
    by: str


@dataclass(frozen=True)
class Entry:
    erasure: Erasure
    state: State
    at: datetime


class Ledger:
    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, erasure: Erasure, state: State) -> None:
        """Append a line; it is on disk when this returns.

        Raises:
            ErasureException: the file can't be written.
        """
        values = {"at": now(), "state": state, **vars(erasure)}
        # An id that asyncpg has read is of a class that orjson does not know.
        line = orjson.dumps(values, default=str) + b"\n"
        with self.explaining("written"), self.locked() as file:
            # A line that was cut, as by a full disk: nothing has followed from it.
            content = os.pread(file, os.fstat(file).st_size, 0)
            os.ftruncate(file, content.rfind(b"\n") + 1)
            os.write(file, line)
            os.fsync(file)

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Open the file, which may be moved away while another process has the lock."""
        is_current = False
        while not is_current:
            file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                flock(file, LOCK_EX)
                if is_current := self.has_name(file):
                    yield file
            finally:
                os.close(file)

    def has_name(self, file: int) -> bool:
        try:
            return os.path.samestat(self.path.stat(), os.fstat(file))
        except FileNotFoundError:
            return False

    def read(self) -> list[Entry]:
        """Return the last erasure of each person, with the time when it began.

        Raises:
            ErasureException: the file can't be read, or a line is not an entry.
        """
        with self.explaining("read"):
            content = self.content()
        found: dict[tuple[str, UUID], Entry] = {}
        for number, line in enumerate(content.split(b"\n")[:-1], 1):
            entry = self.parse(line, number)
            key = entry.erasure.entity, entry.erasure.id
            begun = found.get(key, entry) if entry.state is State.DONE else entry
            found[key] = replace(entry, at=begun.at)
        return [*found.values()]

    def content(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            self.path.parent.stat()  # a disk that is away must not pass for no erasure
            return b""

    @contextmanager
    def explaining(self, done: str) -> Iterator[None]:
        """Raise ErasureException with the path and the setting instead of OSError."""
        try:
            yield
        except OSError as error:
            raise ErasureException(
                f"The ledger of erasures can't be {done}, {self.path}: "
                f"{error.strerror}. It is beside AUDIT_SEAL_FILE"
            ) from None

    def parse(self, line: bytes, number: int) -> Entry:
        try:
            values: dict[str, Any] = orjson.loads(line)
            at, state = values.pop("at"), values.pop("state")
            erasure = Erasure(**values | {"id": UUID(values["id"])})
            return Entry(erasure, State(state), datetime.fromisoformat(at))
        except (ValueError, KeyError, TypeError):
            raise ErasureException(
                f"{self.path}, line {number}: this is no entry of the ledger"
            ) from None


def open_ledger(settings: Settings) -> Ledger:
    """Return the ledger.

    Raises:
        ErasureException: a setting is missing.
    """
    if not settings.PERSONAL_KEYS_URL:
        raise ErasureException("Set PERSONAL_KEYS_URL first, and keep it")
    if not settings.AUDIT_SEAL_FILE:
        raise ErasureException(
            "Set AUDIT_SEAL_FILE: the ledger of erasures is beside that file"
        )
    return Ledger(Path(settings.AUDIT_SEAL_FILE + SUFFIX))
