"""The file outside the database to which each new seal is appended."""

import os
from functools import partial
from io import FileIO
from pathlib import Path

import structlog

from app.core.background import DaemonThread

logger = structlog.get_logger()


class SealFile:
    """Writer of AUDIT_SEAL_FILE, which never raises and counts what it loses."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lost = 0
        self.fault: str | None = None
        self.thread = DaemonThread()

    async def append(self, line: bytes) -> None:
        """Append a line; count it as lost if that fails, or takes too long."""
        if not self.path:
            return
        try:
            append = partial(append_line, Path(self.path), line + b"\n")
            await self.thread.call(append)
        except OSError as error:
            self.lost += 1
            self.fault = error.strerror or "unknown error"
            logger.error("audit_seal_not_recorded", reason=str(error), lost=self.lost)
        else:
            self.fault = None

    def state(self) -> str:
        """Return the state for /readyz, with the number of lost seals."""
        lost = f"{self.lost} seal{'' if self.lost == 1 else 's'} lost"
        if not self.path:
            return "off"
        if self.fault:
            return f"not writing, {lost}: {self.fault}"
        return f"ok, {lost} since startup" if self.lost else "ok"


def append_line(path: Path, line: bytes) -> None:
    rest = line
    with open(path, "ab", buffering=0, opener=open_at_once) as file:
        try:
            while rest:
                rest = rest[file.write(rest) :]
        except OSError:
            remove_part(file, len(line) - len(rest))
            raise


def remove_part(file: FileIO, written: int) -> None:
    """Remove what was written of a line: a part would make the file unreadable.

    But not what other processes have appended since it was opened.
    """
    if written and file.tell() == os.fstat(file.fileno()).st_size:
        os.ftruncate(file.fileno(), file.tell() - written)


def open_at_once(path: str, flags: int) -> int:
    """Open a FIFO without waiting for a reader, which is then an error."""
    return os.open(path, flags | os.O_NONBLOCK, 0o666)
