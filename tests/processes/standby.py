"""A streaming replica of a PostgreSQL server of the tests."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import psutil  # type: ignore[import-untyped]  # It has no type stubs.
from sqlalchemy import make_url

from tests.databases import memory
from tests.processes.servers import TIMEOUT, wait_until

# Replay conflicts at once with a statement that holds it up.
OPTIONS = "-c max_standby_streaming_delay=0 -c hot_standby_feedback=off"
OTHERS = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


class Standby:
    """A server in `folder`, whose socket is in there, too."""

    def __init__(self, primary: Any, database: str, folder: Path) -> None:
        self.primary, self.folder = primary, folder
        self.data, self.log = folder / "data", folder / "log"
        self.lock = self.data / "postmaster.pid"
        self.url = f"postgresql://postgres:@/{database}?host={folder}"

    def run(self, program: str, *arguments: str) -> None:
        command = (str(self.primary.bin_path / program), *arguments)
        with (self.folder / "output").open("w") as output:
            options: Any = {"stdout": output, "stderr": output, "timeout": TIMEOUT}
            user = self.primary.system_user
            subprocess.run(command, check=True, user=user, **options)

    def copy(self, source: str = "", *options: str) -> None:
        """Make a base backup of the primary, or of the server with this socket."""
        socket = source or str(make_url(self.primary.get_uri("postgres")).query["host"])
        fixed = ("-h", socket, "-U", "postgres", "-c", "fast", "-N")
        self.run("pg_basebackup", "-D", str(self.data), *fixed, *options)

    def start(self, options: str = OPTIONS) -> None:
        options = f'-h "" -k {self.folder} {options}'
        self.control("-w", "-l", str(self.log), "-o", options, "start")

    def control(self, *arguments: str) -> None:
        self.run("pg_ctl", "-D", str(self.data), *arguments)

    def kill(self) -> None:
        """End all of its processes, as a power cut does."""
        process = psutil.Process(int(self.lock.read_text().split()[0]))
        for each in (*process.children(), process):
            with suppress(psutil.NoSuchProcess):
                each.kill()
        wait_until(lambda: not process.is_running(), "It is still there")
        self.lock.unlink()

    def execute(self, statement: str) -> Any:
        return execute(self.url, statement)

    def pause(self) -> None:
        """Replay nothing more. What commits from now on is missing here."""
        self.execute("SELECT pg_wal_replay_pause()")
        state = "SELECT pg_get_wal_replay_pause_state()"
        wait_until(lambda: self.execute(state) == "paused", "It goes on")

    def resume(self) -> None:
        self.execute("SELECT pg_wal_replay_resume()")


def execute(url: str, statement: str) -> Any:
    """Execute a statement, and return its only value."""

    async def ask() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())


def wait_for_backends(url: str) -> None:
    """Wait until all others have left; a killed one may have sent its COMMIT."""
    if not url.startswith("sqlite"):
        wait_until(lambda: execute(url, OTHERS) == 0, "A connection stays open")


@contextmanager
def copy_of(primary: Any, database: str) -> Iterator[Standby]:
    """Yield a server that is neither copied nor started yet; stop it on exit."""
    with memory() as folder:
        folder.chmod(0o777)  # its user is another one
        server = Standby(primary, database, folder)
        try:
            yield server
        finally:
            if server.lock.exists():
                server.control("-w", "-m", "immediate", "stop")


@contextmanager
def standby_of(primary: Any, database: str) -> Iterator[Standby]:
    """Run a replica of the server, with the URL of this database there."""
    with copy_of(primary, database) as standby:
        standby.copy("", "-R")
        standby.start()
        yield standby
