"""Schemathesis reads the document, and sends what it allows and what it forbids."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from app.auth.permissions.registry import known_permissions
from app.core.config import Settings
from tests.accounts import add_account, root_header
from tests.databases import Template, make_settings
from tests.servers import Server, serving

# Not `positive_data_acceptance`: a document cannot tell that a text holds control
# characters, that a record exists, or that `after` goes with the default order.
LEFT_OUT = "positive_data_acceptance"

Header = dict[str, str]


def no_header(settings: Settings) -> Header:
    return {}


def viewer_header(settings: Settings) -> Header:
    """Sign somebody in who may read everything, and no more."""
    reads = (each for each in known_permissions() if each.endswith(":read"))
    return add_account(settings, *reads).header


# The phase `coverage` sends each operation every value at a limit of its schema: 2 700
# requests. The superuser alone gets them past the permissions, and the limits are those
# of the document on either database: in the short run, PostgreSQL gets them.
BRIEFLY = "--phases=examples,fuzzing,stateful"
# What signs her out would leave nothing but 401 for the others.
STAY = "--exclude-path-regex=/auth/(logout|password|sessions)"
STAY_TOO = "--exclude-path-regex=/auth/(logout|password)|/sessions"
ATTACKERS: dict[str, tuple[Callable[[Settings], Header], tuple[str, ...]]] = {
    "stranger": (no_header, (BRIEFLY,)),
    "viewer": (viewer_header, (BRIEFLY, STAY)),
    "superuser": (root_header, (STAY_TOO,)),
}


def extent(config: pytest.Config, attacker: str, url: str) -> Iterator[str]:
    """Yield how much is tried, as options; all of it with --whole."""
    whole = config.getoption("whole")
    only = config.getoption("database")
    yield f"--max-examples={3 if whole or attacker == 'superuser' else 1}"
    if not (whole or only) and url.startswith("sqlite"):
        yield BRIEFLY


@pytest.fixture(scope="module")
def target(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Settings]]:
    """A server for these alone: they change a lot, and may end their own sessions."""
    folder = tmp_path_factory.mktemp("schemathesis")
    with (
        template.copy() as url,
        serving(url, folder, LOG_LEVEL="ERROR") as server,
    ):
        yield server, make_settings(url)


@pytest.mark.slow
@pytest.mark.parametrize("attacker", ATTACKERS)
def test_schemathesis_finds_nothing(
    target: tuple[Server, Settings],
    tmp_path: Path,
    attacker: str,
    pytestconfig: pytest.Config,
) -> None:
    server, settings = target
    enter, options = ATTACKERS[attacker]
    header = enter(settings)
    command: list[str] = [
        *(str(Path(sys.executable).parent / "schemathesis"), "run"),
        *(f"{server.base_url}/openapi.json", "--checks=all"),
        *(f"--exclude-checks={LEFT_OUT}", "--generation-database=none", "--seed=1"),
        *("--continue-on-failure", "--warnings=off", "--no-color"),
        *options,
        *extent(pytestconfig, attacker, settings.DATABASE_URL),
        *(f"--header={name}: {value}" for name, value in header.items()),
    ]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert server.log.read_text() == ""
    # Had she been signed out underway, all answers would have been 401 since.
    me = httpx2.get(f"{server.base_url}/api/v1/auth/me", headers=header)
    assert me.status_code == (200 if header else 401)
