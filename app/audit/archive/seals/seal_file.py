"""The file outside the database to which each new seal is appended."""

import asyncio
import errno
import os
from concurrent.futures import Future
from pathlib import Path
from threading import Thread

import structlog

WAIT = 5.0  # seconds

logger = structlog.get_logger()


class SealFile:
    """Writer of AUDIT_SEAL_FILE, which never raises and counts what it loses."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lost = 0
        self.fault: str | None = None
        self.writing: Future[None] | None = None

    async def append(self, line: bytes) -> None:
        """Append a line; count it as lost if that fails, or takes too long."""
        if not self.path:
            return
        try:
            await self.write(line + b"\n")
        except OSError as error:
            self.lost += 1
            self.fault = error.strerror or "unknown error"
            logger.error("audit_seal_not_recorded", reason=str(error), lost=self.lost)
        else:
            self.fault = None

    async def write(self, line: bytes) -> None:
        """Write in a thread: a share that hangs stops neither requests nor the exit."""
        if self.writing and not self.writing.done():
            raise OSError(errno.EBUSY, "an earlier seal is still being written")
        writing = self.writing = Future[None]()
        writing.set_running_or_notify_cancel()
        Thread(target=run, args=(writing, Path(self.path), line), daemon=True).start()
        done = asyncio.wrap_future(writing)
        if not (await asyncio.wait([done], timeout=WAIT))[0]:
            done.cancel()
            raise TimeoutError(errno.ETIMEDOUT, f"no answer for {WAIT:.0f} s")
        done.result()

    def state(self) -> str:
        """Return the state for /readyz, with the number of lost seals."""
        lost = f"{self.lost} seal{'' if self.lost == 1 else 's'} lost"
        if not self.path:
            return "off"
        if self.fault:
            return f"not writing, {lost}: {self.fault}"
        return f"ok, {lost} since startup" if self.lost else "ok"


def run(writing: "Future[None]", path: Path, line: bytes) -> None:
    try:
        append_line(path, line)
    except BaseException as error:
        writing.set_exception(error)
    else:
        writing.set_result(None)


def append_line(path: Path, line: bytes) -> None:
    with open(path, "ab", buffering=0, opener=open_at_once) as file:
        size = file.tell()
        try:
            while line:
                line = line[file.write(line) :]
        except OSError:
            # A part of a seal would make the file unreadable.
            os.ftruncate(file.fileno(), size)
            raise


def open_at_once(path: str, flags: int) -> int:
    """Open a FIFO without waiting for a reader, which is then an error."""
    return os.open(path, flags | os.O_NONBLOCK, 0o666)
