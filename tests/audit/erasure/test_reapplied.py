"""A database that was restored from a backup has whom the ledger says to erase."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.audit.erasure.ledger import Erasure, State
from app.audit.erasure.state import ErasureWatch
from app.audit.personal.keys import keys_at
from app.core.config import Settings
from app.core.db.database import Database
from app.main import create_app, open_database
from tests.accounts import PASSWORD
from tests.audit.archive.rows import TODAY, AuditLog
from tests.audit.erasure.conftest import Commands, history
from tests.audit.erasure.test_crashes import state_of
from tests.databases import Template, make_settings
from tests.processes.servers import wait_until
from tests.scripts.backups.conftest import Site, programs_of

pytestmark = pytest.mark.slow

NOTE = "personal_data"
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def site(url: str, template: Template, tmp_path: Path) -> Site:
    return with_keys(Site(url, tmp_path / "site", programs_of(template)))


@pytest.fixture
def other_site(template: Template, site: Site, tmp_path: Path) -> Iterator[Site]:
    """A site whose database is lost; its other files are those of the first."""
    with template.empty() as url:
        lost = Site(url, tmp_path / "site", programs_of(template))
        lost.values = site.values
        yield lost


@pytest.fixture
def settings(site: Site) -> Settings:
    return site.settings


def with_keys(site: Site) -> Site:
    site.values["PERSONAL_KEYS_URL"] = f"sqlite:///{site.folder}/keys.db"
    keys_at(site.values["PERSONAL_KEYS_URL"]).store.create()
    return site


@pytest.fixture
def copy(template: Template, url: str, client: TestClient, ada: str) -> Iterator[str]:
    """The URL of a copy of the database, with the customer."""
    client.__exit__(None, None, None)
    with template.copy(url) as copied:
        yield copied
    client.__enter__()


def test_a_start_notices_what_a_restored_database_lacks(
    commands: Commands, ada: str, copy: str
) -> None:
    commands.erase(ada)
    restored = restored_at(copy, commands.settings)
    assert state_of(commands.settings) == "ok"
    assert "1 erasures are not applied" in state_of(restored)
    assert Commands(restored).reapply() == 1
    assert Commands(restored).reapply() == 0
    assert state_of(restored) == "ok"
    # The key that the backup's entries need is destroyed, and the new one as well.
    assert all("not compared" in each for each in Commands(restored).findings())


def restored_at(copy: str, settings: Settings) -> Settings:
    kept = {
        it: getattr(settings, it) for it in ("PERSONAL_KEYS_URL", "AUDIT_SEAL_FILE")
    }
    return make_settings(copy, **kept)


@pytest.mark.parametrize("entity", ["Customer", "User"])
def test_the_store_of_the_keys_knows_what_a_lost_ledger_had(
    commands: Commands, client: TestClient, template: Template, entity: str
) -> None:
    id = make_person(client, entity)
    client.__exit__(None, None, None)  # to copy the database
    with template.copy(commands.settings.DATABASE_URL) as copy:
        commands.erase(id, entity)
        commands.ledger.path.unlink()
        assert state_of(commands.settings) == "ok"  # this database is erased
        restored = restored_at(copy, commands.settings)
        assert "1 erasures are not applied" in state_of(restored)
        assert Commands(restored).reapply() == 1
        assert state_of(restored) == "ok"
        assert Commands(restored).reapply() == 0
    client.__enter__()
    (entry,) = commands.ledger.read()
    assert entry.erasure.id == UUID(id)


def make_person(client: TestClient, entity: str) -> str:
    email = {"email": "ada@example.com"}
    if entity == "Customer":
        made = client.post("customers", json={"name": "Ada"} | email)
    else:
        body = {"full_name": "Ada", "password": PASSWORD} | email
        made = client.post("users", json=body)
    id: str = made.raise_for_status().json()["id"]
    return id


def test_a_person_with_a_new_key_was_not_erased_for_good(
    commands: Commands, client: TestClient, ada: str
) -> None:
    commands.erase(ada)
    client.patch(f"customers/{ada}", json={"name": "Ada Byron"}).raise_for_status()
    commands.ledger.path.unlink()
    assert state_of(commands.settings) == "ok"
    assert commands.reapply() == 0


def test_a_ledger_on_a_disk_that_is_away_does_not_pass_for_none(
    commands: Commands, ada: str, tmp_path: Path
) -> None:
    commands.erase(ada)
    away = f"{tmp_path}/away/seals.txt"
    settings = commands.settings.model_copy(update={"AUDIT_SEAL_FILE": away})
    assert f"can't be read, {away}.erasures: No such file" in state_of(settings)


def test_an_archived_erasure_is_not_missing(
    commands: Commands, ada: str, audit_log: AuditLog
) -> None:
    commands.erase(ada)
    assert audit_log.archive(TOMORROW)["changes"].rows > 0
    assert state_of(commands.settings) == "ok"
    assert commands.reapply() == 0


def test_the_files_of_a_lost_database_do_not_show_that_the_restored_one_has_erased(
    commands: Commands, ada: str, copy: str, audit_log: AuditLog
) -> None:
    commands.erase(ada)
    audit_log.archive(TOMORROW)
    restored = restored_at(copy, commands.settings)
    assert audit_log.with_settings(restored).adopt().contradictions == []
    assert "1 erasures are not applied" in state_of(restored)
    assert Commands(restored).reapply() == 1
    assert state_of(restored) == "ok"


def test_a_restore_under_a_running_application_is_noticed(
    commands: Commands, ada: str, copy: str
) -> None:
    commands.erase(ada)

    async def check(database: Database) -> None:
        watch = ErasureWatch(database, commands.settings)
        assert await watch.check() == "ok"
        settings = restored_at(copy, commands.settings)
        async with open_database(settings) as restored:
            watch.database = restored
            assert await watch.check() == "ok"
            assert "1 erasures are not applied" in await watch.check()

    commands.run(check)


def test_readiness_shows_the_present_state(
    commands: Commands, ada: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.erasure.state.CHECK_INTERVAL", 0.01)
    keys, away = Path(commands.keys), tmp_path / "away.db"
    with TestClient(create_app(commands.settings), "http://test") as running:

        def wait_for(state: str) -> None:
            checks = partial(running.get, "/readyz")
            wait_until(lambda: state in checks().json()["checks"][NOTE], state)

        wait_for("ok")
        erasure = Erasure("Customer", UUID(ada), "Request 7", "Eve")
        commands.ledger.append(erasure, State.BEGUN)
        wait_for("1 erasures are not applied")
        assert commands.reapply() == 1
        wait_for("ok")
        keys.rename(away)
        wait_for("unavailable")
        away.rename(keys)
        wait_for("ok")


@pytest.mark.heavy
def test_restore_erases_again(
    client: TestClient, site: Site, other_site: Site, ada: str
) -> None:
    site.seals.touch()
    assert site.back_up().code == 0
    (backup,) = site.backups
    assert not list(backup.rglob("keys*"))
    words = ("scripts/personal_data.py", "erase", "customer", ada, "--reason", "R 7")
    done = site.run(*words)
    assert (done.code, done.errors) == (0, "")
    assert "1 key destroyed" in done.output
    assert history(client, ada)[1]["new"]["name"] == "[erased]"
    done = other_site.restore(backup)
    assert (done.code, done.errors) == (0, "")
    assert "applied again: 1" in done.output
    exported = other_site.run("scripts/personal_data.py", "export", "Customer", ada)
    assert exported.code == 0
    assert f"Erased {ada}" in exported.output
    assert "Ada" not in exported.output
    assert other_site.run("scripts/check_audit.py").code == 0
    assert other_site.run("scripts/archive_audit.py", "verify").code == 0
