"""Schemathesis runs: valid and invalid requests generated from the document."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from app.auth.permissions.registry import known_permissions
from app.core.config import Settings
from tests.accounts import add_account, root_header
from tests.databases import Template, make_settings
from tests.processes.servers import TIMEOUT, Server, serving

pytestmark = pytest.mark.either

# Not expressible in the document: a text without control characters, an existing
# record, `after` only with the default order.
EXCLUDED_CHECK = "positive_data_acceptance"

Header = dict[str, str]


def no_header(settings: Settings) -> Header:
    return {}


def viewer_header(settings: Settings) -> Header:
    """Add a user with every read permission; return their header."""
    reads = (each for each in known_permissions() if each.endswith(":read"))
    return add_account(settings, *reads).header


# The boundary cases of the document take two thousand requests. Only the superuser's
# pass authorization, so the other users skip that phase.
FEW_PHASES = "--phases=examples,fuzzing,stateful"
# A request that ends the session would make each later response a 401.
KEEP_SIGNED_IN = "--exclude-path-regex=/auth/(logout|password|sessions)"
KEEP_SESSIONS = "--exclude-path-regex=/auth/(logout|password)|/sessions"
ATTACKERS: dict[str, tuple[Callable[[Settings], Header], tuple[str, ...]]] = {
    "anonymous": (no_header, (FEW_PHASES,)),
    "viewer": (viewer_header, (FEW_PHASES, KEEP_SIGNED_IN)),
    "superuser": (root_header, (FEW_PHASES, KEEP_SESSIONS)),
    "superuser, all phases": (root_header, (KEEP_SESSIONS,)),
}


@pytest.fixture(scope="module")
def target(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Settings]]:
    """A separate server, since these runs change data and may end sessions."""
    folder = tmp_path_factory.mktemp("schemathesis")
    with (
        template.copy() as url,
        serving(url, folder, LOG_LEVEL="ERROR") as server,
    ):
        yield server, make_settings(url)


def document_of(server: Server, folder: Path) -> str:
    """Return the path of the document without Idempotency-Key, and without streams.

    With one key for many requests, all but one would be answered as repeated. A stream
    has no end.
    """
    document = server.wait_for("/openapi.json").json()
    del document["paths"]["/api/v1/audit/changes/stream"]
    for operation in operations(document):
        parameters = operation.get("parameters", [])
        parameters[:] = [it for it in parameters if it["name"] != "Idempotency-Key"]
    path = folder / "openapi.json"
    path.write_bytes(orjson.dumps(document))
    return str(path)


def operations(document: Any) -> Iterator[Any]:
    for methods in document["paths"].values():
        yield from methods.values()


@pytest.mark.heavy
@pytest.mark.parametrize("attacker", ATTACKERS)
def test_schemathesis_finds_nothing(
    target: tuple[Server, Settings], tmp_path: Path, attacker: str
) -> None:
    server, settings = target
    make_header, options = ATTACKERS[attacker]
    header = make_header(settings)
    command: list[str] = [
        *(str(Path(sys.executable).parent / "schemathesis"), "run"),
        *(document_of(server, tmp_path), f"--url={server.base_url}"),
        "--checks=all",
        *(
            f"--exclude-checks={EXCLUDED_CHECK}",
            "--generation-database=none",
            "--seed=1",
            f"--request-timeout={TIMEOUT}",
        ),
        *("--max-examples=3", "--continue-on-failure", "--warnings=off", "--no-color"),
        *options,
        *(f"--header={name}: {value}" for name, value in header.items()),
    ]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert server.log.read_text() == ""
    # Check that the session lasted: otherwise each later response was a 401.
    url = f"{server.base_url}/api/v1/auth/me"
    me = httpx2.get(url, headers=header, timeout=TIMEOUT)
    assert me.status_code == (200 if header else 401)
