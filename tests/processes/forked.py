"""Processes of the application, forked from one that has imported most of it.

This saves a second per process. Each process reads its own settings, and imports what
reads them as it is imported: `app.main` and the scripts.
"""

import json
import multiprocessing
import os
import runpy
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import pytest

from app.core import config

ROOT = Path(__file__).parents[2]
# Libraries that are slow to import and do not read the environment.
LIBRARIES = [
    "alembic.command",
    "alembic.autogenerate",
    "asyncpg",
    "email_validator",
    "fastapi",
    "jose.jwt",
    "orjson",
    "passlib.handlers.argon2",
    "pydantic_settings",
    "pytest",  # the parent process runs its script
    "rich.progress",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.ext.asyncio",
    "sqlmodel",
    "structlog.stdlib",
    "typer",
    "uvicorn.loops.uvloop",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
]
# What app.main and the scripts import.
APPLICATION = [
    "app.audit.access.middleware",
    "app.audit.archive.adopt.adopter",
    "app.audit.archive.run.archiver",
    "app.audit.archive.search.search",
    "app.audit.archive.seals.background",
    "app.audit.archive.status",
    "app.audit.archive.store.opened",
    "app.audit.archive.verify.verify",
    "app.audit.archive.witness.watch",
    "app.audit.changes.install",
    "app.audit.consistency.check",
    "app.audit.erasure.state",
    "app.audit.export.exporter",
    "app.auth.sessions.purge",
    "app.auth.users.first_superuser",
    "app.core.handlers",
    "app.core.web.application",
    "app.core.web.server.config",
    "app.endpoints",
]

forks = multiprocessing.get_context("forkserver")
forks.set_forkserver_preload([*LIBRARIES, *APPLICATION, "tests.processes.frozen"])
STARTING = Lock()


class Forked:
    """`python *words`, with the part of subprocess.Popen that the tests need."""

    def __init__(
        self,
        words: tuple[str, ...],
        env: dict[str, str],
        outputs: tuple[Path, Path],
    ) -> None:
        self.words = words
        self.process = forks.Process(target=run, args=(words, env, outputs))
        # The first one starts the parent process, whose imports need a valid setting:
        # a test may have removed it. Two threads at once would not restore it.
        with STARTING, pytest.MonkeyPatch.context() as patch:
            patch.setenv("SECRET_KEY", "parent-process-" + "s" * 40)
            self.process.start()

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise TimeoutExpired(self.words, timeout or 0)
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.process.kill()


@dataclass
class Done:
    """A completed command."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        return json.loads(self.output)


def command(words: tuple[str, ...], env: dict[str, str]) -> Done:
    """Run `python *words` and return its result."""
    with TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        code = Forked(words, env, (output, errors)).wait()
        return Done(code, output.read_text(), errors.read_text())


def run(
    words: tuple[str, ...], env: dict[str, str], outputs: tuple[Path, Path]
) -> None:
    """Run `python *words` in this process."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    for number, path in enumerate((Path(os.devnull), *outputs)):
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    # multiprocessing has replaced stdin with one that child processes cannot open.
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    config.settings = config.load_settings()
    first, *rest = words
    if first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [first, *rest]
        runpy.run_path(first, run_name="__main__")
