"""An erasure that is killed between two steps: the same command finishes it."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.audit.erasure.eraser import Eraser
from app.audit.erasure.ledger import Ledger, State
from app.audit.erasure.person import Person
from app.audit.erasure.repository import ErasureRepository
from app.audit.erasure.state import ErasureWatch
from app.audit.personal.sqlite_store import SqliteKeyStore
from app.core.config import Settings
from app.core.db.database import Database
from app.modules.customers.models import Customer
from tests.audit.erasure.conftest import Commands, history
from tests.databases import make_settings
from tests.processes.forked import forks

Step = Callable[..., object]


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_when_done(self: Ledger, erasure: object, state: State) -> None:
    if state is State.DONE:
        die()
    APPEND(self, erasure, state)  # type: ignore[arg-type]


APPEND = Ledger.append
STEPS: dict[str, tuple[type, str, Step]] = {
    "before the transaction": (Eraser, "apply", die),
    "before the keys": (SqliteKeyStore, "destroy", die),
    "after the keys": (ErasureRepository, "record", die),
    "after the commit": (Ledger, "append", die_when_done),
}


def erase_until(step: str, url: str, values: dict[str, str], id: str) -> None:
    """Erase a customer in this process, which dies at the step."""
    owner, name, act = STEPS[step]
    setattr(owner, name, act)
    commands = Commands(make_settings(url, **values))
    person = Person(Customer, UUID(id))
    commands.run(lambda it: commands.eraser(it).erase(person, "Request 7", "Eve"))


def state_of(settings: Settings) -> str:
    return Commands(settings).run(lambda it: ErasureWatch(it, settings).check())


@pytest.mark.heavy
@pytest.mark.parametrize("step", STEPS)
def test_a_killed_erasure_is_finished(
    client: TestClient, commands: Commands, ada: str, step: str
) -> None:
    settings = commands.settings
    values = {
        name: getattr(settings, name)
        for name in ("PERSONAL_KEYS_URL", "AUDIT_SEAL_FILE")
    }
    words = (step, settings.DATABASE_URL, values, ada)
    process = forks.Process(target=erase_until, args=words)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    (entry,) = commands.ledger.read()
    assert entry.state is State.BEGUN
    is_missing = step != "after the commit"
    assert ("1 erasures are not applied" in state_of(settings)) is is_missing
    assert client.get(f"customers/{ada}").status_code == 200

    commands.erase(ada)
    assert state_of(settings) == "ok"
    assert client.get(f"customers/{ada}").json()["name"] == f"Erased {ada}"
    shown = {it["new"].get("name", "[erased]") for it in history(client, ada)[1:]}
    assert shown == {"[erased]"}
    assert history(client, ada)[0]["old"].get("name") in ("[erased]", None)
    assert all("not compared" in each for each in commands.findings())
    (entry,) = commands.ledger.read()
    assert entry.state is State.DONE


def test_a_cut_line_of_the_ledger_is_removed(commands: Commands, ada: str) -> None:
    commands.ledger.path.write_bytes(b'{"at":"20')
    assert commands.ledger.read() == []
    commands.erase(ada)
    assert [str(it.erasure.id) for it in commands.ledger.read()] == [ada]


@pytest.mark.heavy
def test_two_erasures_at_once_are_one(commands: Commands, ada: str) -> None:
    person = Person(Customer, UUID(ada))

    async def erase(database: Database) -> int:
        done = await commands.eraser(database).erase(person, "Request", "Eve")
        return done.keys

    with ThreadPoolExecutor() as threads:
        counts = threads.map(lambda _: commands.run(erase), range(2))
    assert sorted(counts) == [0, 1]
