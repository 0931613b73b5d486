"""The commands of the runbooks, as they are written there."""

import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing

import pytest
from fastapi.testclient import TestClient

from tests.accounts import PASSWORD
from tests.auth.signing import NEW_PASSWORD, bearer, login, sign_in
from tests.conftest import MakeAccount
from tests.databases import ROOT, Template
from tests.processes.forked import command
from tests.processes.servers import environment
from tests.scripts.backups.conftest import programs_of

pytestmark = pytest.mark.slow
TEXT = (ROOT / "docs/RUNBOOKS.md").read_text()
# With its quotes, which are a shell's.
COMMAND = re.compile(r"""psql "\$DATABASE_URL" -c (["'])(\w.+?)\1""", re.DOTALL)
STATEMENTS = [" ".join(found.split()) for _, found in COMMAND.findall(TEXT)]


Execute = Callable[[str], None]


@pytest.fixture
def execute(url: str, template: Template) -> Execute:
    """Execute a statement; on PostgreSQL with the program that the runbooks use."""

    def on_sqlite(statement: str) -> None:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
            file.execute(statement)

    def on_postgresql(statement: str) -> None:
        words = (f"{programs_of(template)}/psql", url, "-c", statement)
        subprocess.run(words, check=True, capture_output=True, timeout=60)

    return on_sqlite if url.startswith("sqlite") else on_postgresql


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_is_valid(url: str, execute: Execute, statement: str) -> None:
    if "pg_" in statement and url.startswith("sqlite"):
        pytest.skip("SQLite has no server to ask")
    execute(statement)


def statement_on(table: str) -> str:
    (found,) = (each for each in STATEMENTS if table in each)
    return found


def test_waits_of_logins_are_ended(
    execute: Execute, anonymous: TestClient, make_account: MakeAccount
) -> None:
    email = make_account().email
    while login(anonymous, email, "a wrong password").status_code != 429:
        pass
    assert login(anonymous, email, PASSWORD).status_code == 429
    execute(statement_on("login_throttle"))
    assert login(anonymous, email, PASSWORD).status_code == 200


def test_a_superuser_whose_password_is_lost_is_rescued(
    url: str, anonymous: TestClient, make_account: MakeAccount
) -> None:
    lost = make_account(is_superuser=True)
    (line,) = re.findall(r"^    (FIRST_SUPERUSER_EMAIL=.+)$", TEXT, re.MULTILINE)
    *settings, _, script = line.split()
    values = dict(each.split("=") for each in settings)
    done = command((script,), environment(url, ENVIRONMENT="production", **values))
    (password,) = re.findall(r"rescue@example.com with password (\S+)", done.output)

    rescue = bearer(sign_in(anonymous, "rescue@example.com", password))
    found = anonymous.get("users", params={"q": lost.email}, headers=rescue)
    (user,) = found.json()["items"]
    (once,) = re.findall(r'"password": "(.+?)"', TEXT)
    path, body = f"users/{user['id']}", {"password": once}
    assert anonymous.patch(path, json=body, headers=rescue).status_code == 200

    own = bearer(sign_in(anonymous, lost.email, once))
    body = {"current_password": once, "new_password": NEW_PASSWORD}
    assert anonymous.post("auth/password", json=body, headers=own).status_code == 200
    own = bearer(sign_in(anonymous, lost.email, NEW_PASSWORD))
    (user,) = anonymous.get("users?q=rescue", headers=own).json()["items"]
    assert anonymous.delete(f"users/{user['id']}", headers=own).status_code == 204
