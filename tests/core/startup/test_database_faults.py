"""The reason why a database does not answer, for commands and in the log."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from alembic.command import upgrade
from alembic.util import CommandError
from sqlalchemy import make_url

from app.core.db.database import Database
from app.core.db.outages.states import Outage
from app.core.web.health import Health
from tests.databases import alembic_config, make_settings
from tests.processes.forked import command
from tests.processes.servers import TIMEOUT, environment, free_port

REFUSING = f"postgresql://app:hunter2@127.0.0.1:{free_port()}/app"
COMMANDS = {
    "alembic": ("-m", "alembic", "upgrade", "head"),
    "start": ("scripts/start.py",),
    "seed": ("seeds/seed_create_app.py",),
    "check": ("scripts/check_audit.py",),
    "archive": ("scripts/archive_audit.py",),
    "restore": ("scripts/restore_guarantees.py",),
}


@pytest.mark.sampled(2)
@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_command_says_in_one_sentence_what_is_wrong(words: tuple[str, ...]) -> None:
    done = command(words, environment(REFUSING))
    assert done.code not in (0, None)
    (sentence,) = (
        done.errors + done.output.removeprefix("Migrating the database\n")
    ).splitlines()
    place = REFUSING.partition("@")[2].removesuffix("/app")
    assert f"PostgreSQL at {place}: no server listens there" in sentence


def fault_of(url: str) -> str:
    """Return what is logged; it must not be what a client is answered."""

    async def check() -> str:
        database = Database(make_settings(url))
        health = Health(database)
        assert await health.check() in [*Outage]
        await database.close()
        return str(health.reason)

    return asyncio.run(check())


def test_a_path_that_cannot_be_asked_is_named() -> None:
    """As one below a folder that may not be entered."""
    name = "x" * 300
    words = ("-m", "alembic", "upgrade", "head")
    done = command(words, environment(f"sqlite:////tmp/{name}/app.db"))
    reason = "the file can't be opened, check its permissions"
    assert done.output.endswith(f"{name}/app.db: {reason}\n"), done


def test_an_unknown_host_is_named() -> None:
    fault = fault_of("postgresql://app:hunter2@nowhere.invalid/app")
    assert fault == "PostgreSQL at nowhere.invalid:5432: the host name is unknown"


def test_a_missing_socket_is_named(tmp_path: Path) -> None:
    fault = fault_of(f"postgresql://app@/app?host={tmp_path}")
    assert fault == f"PostgreSQL at {tmp_path}: no server has a socket there"


@pytest.mark.parametrize("name", ["sslrootcert", "sslcert"])
def test_a_missing_file_of_the_url_is_named(tmp_path: Path, name: str) -> None:
    """The error of the TLS library has no name, and looked like a missing socket."""
    file = tmp_path / "ca.pem"
    fault = fault_of(f"{REFUSING}?sslmode=require&{name}={file}")
    assert fault.endswith(f": {name}: {file} can't be read")


def test_a_database_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("no database\n" * 100)
    fault = fault_of(f"sqlite:///{tmp_path}/a.db")
    assert fault == f"SQLite at {tmp_path}/a.db: file is not a database"


def test_a_folder_instead_of_a_file_is_named(tmp_path: Path) -> None:
    assert "can't be opened" in fault_of(f"sqlite:///{tmp_path}")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(CommandError, match=f"the folder {missing} does not exist"):
        upgrade(alembic_config(f"sqlite:///{missing}/app.db"), "head")


@pytest.fixture
def guarded(postgresql: Any, tmp_path: Path) -> str:
    """Return the URL of a server that asks for passwords."""
    url: str = postgresql.get_uri("template")
    hba = Path(make_url(url).query["host"], "pg_hba.conf")  # type: ignore[arg-type]
    hba.write_text("local all all scram-sha-256\n")
    postgresql.psql("SELECT pg_reload_conf()")
    return url


def test_a_wrong_password_is_named(guarded: str) -> None:
    url = guarded.replace("postgres:@", "bob:hunter2@")
    deadline = time.monotonic() + TIMEOUT
    # The server reads its new rules in the background.
    while "does not exist" in (fault := fault_of(url)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert fault.endswith('password authentication failed for user "bob"')


def test_a_wrong_database_is_named(postgresql: Any) -> None:
    fault = fault_of(postgresql.get_uri("nowhere"))
    assert fault.endswith(': database "nowhere" does not exist')
