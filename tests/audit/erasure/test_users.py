"""Users in the entries of both logs: encrypted with their key, and erased with it."""

import json
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlmodel import col

from app.audit.archive.logs import ACCESSES, CHANGES, LOGS, Log
from app.audit.erasure.export import PersonExport
from app.audit.erasure.person import Person
from app.audit.models import AuditAccess
from app.audit.personal import users
from app.auth.models import User
from app.core.db.database import Database
from scripts.backups.vacuum import vacuum
from tests.accounts import Account
from tests.audit.archive.rows import BEN, OLD, TODAY, AuditLog
from tests.audit.archive.verify.tampering import execute
from tests.audit.erasure.conftest import Commands
from tests.audit.erasure.test_remains import archive, dump
from tests.clients import Client
from tests.conftest import MakeAccount, Read
from tests.databases import Template

PEN = {"sku": "PEN", "name": "Pen", "price": "1.00", "stock": 1}
TRACES = ("bob@example.com", "Bob Bowline", "Netscape", "q=brass")
ERASED = "[erased]"


@pytest.fixture
def bob(make_account: MakeAccount) -> Account:
    named = {"email": TRACES[0], "full_name": TRACES[1]}
    return make_account("products:create", "audit:read", **named)


@pytest.fixture
def pen(client: Client, bob: Account) -> str:
    """A product that Bob has made, after a search for it."""
    agent = bob.header | {"user-agent": TRACES[2]}
    client.get("products?q=brass", headers=agent).raise_for_status()
    made = client.post("products", json=PEN, headers=agent)
    load(client)
    id: str = made.raise_for_status().json()["id"]
    return id


def load(client: Client) -> None:
    loader = client.app.state.access_log.loader  # type: ignore[attr-defined]
    client.call(loader.load)


def change_of(client: TestClient, id: str) -> Any:
    (change,) = client.get(f"audit/changes?entity_id={id}").json()["items"]
    return change


def accesses_of(client: TestClient, bob: Account) -> Any:
    return client.get(f"audit/accesses?user_id={bob.id}").json()["items"]


def test_entries_show_who_acted(client: Client, bob: Account, pen: str) -> None:
    change = change_of(client, pen)
    assert (change["actor_label"], change["actor_name"]) == TRACES[:2]
    made, searched = accesses_of(client, bob)
    for row in (made, searched):
        assert (row["user_label"], row["user_name"], row["user_agent"]) == TRACES[:3]
        assert (row["ip"], row["user_id"]) == ("127.0.0.1", str(bob.id))
    assert (made["query"], searched["query"]) == ("", "q=brass")
    (made,) = client.get(f"products/{pen}/history").json()["items"]
    assert made["actor_label"] == TRACES[0]


def test_without_a_right_to_addresses_none_is_shown(
    client: Client, bob: Account, pen: str
) -> None:
    path = f"audit/changes?entity_id={pen}"
    (change,) = client.get(path, headers=bob.header).json()["items"]
    assert (change["actor_label"], change["actor_name"]) == (None, TRACES[1])


@pytest.mark.slow
def test_the_database_has_no_trace_of_an_erased_user(
    client: Client, commands: Commands, template: Template, bob: Account, pen: str
) -> None:
    left = dump(commands.settings, template)
    assert [it for it in TRACES[2:] if it.encode() in left] == []
    commands.erase(str(bob.id), "User")
    vacuum(commands.settings.DATABASE_URL)
    left = dump(commands.settings, template).lower()
    assert [it for it in TRACES if it.lower().encode() in left] == []
    change = change_of(client, pen)
    assert (change["actor_label"], change["actor_name"]) == (ERASED, ERASED)
    assert change["actor_id"] == str(bob.id)
    names = ("user_label", "user_name", "ip", "query", "user_agent")
    made, _ = accesses_of(client, bob)
    assert [made[it] for it in names] == [ERASED] * len(names)
    assert "name the user" not in commands.unreachable(str(bob.id), "User")
    assert commands.findings() == []


@pytest.mark.slow
def test_no_archive_has_a_trace_of_a_user(
    commands: Commands, audit_log: AuditLog, bob: Account, pen: str
) -> None:
    archived = archive(audit_log, pen)
    assert str(bob.id).encode() in archived
    assert [it for it in TRACES if it.encode() in archived] == []
    commands.erase(str(bob.id), "User")
    audit_log.seal()
    assert audit_log.count_findings() == {}


def test_entries_of_an_erased_user_that_come_late_name_no_one(
    client: Client, commands: Commands, read: Read, bob: Account, pen: str
) -> None:
    """The request was before the erasure, but is loaded after it."""
    client.get("products?q=brass", headers=bob.header).raise_for_status()
    commands.erase(str(bob.id), "User")
    load(client)
    own = select(AuditAccess).where(col(AuditAccess.user_id) == bob.id)
    last = read(own.order_by(col(AuditAccess.at).desc()).limit(1))[0]
    names = (last.user_label, last.user_name, last.user_agent, last.personal)
    assert (names, last.ip, last.query) == ((None,) * 4, "", "")


def test_changes_do_not_wait_for_the_keys_of_the_actor(
    client: Client, commands: Commands, bob: Account, tmp_path: Path
) -> None:
    Path(commands.keys).rename(tmp_path / "away.db")
    users.actors.clear()
    made = client.post("products", json=PEN, headers=bob.header)
    id = made.raise_for_status().json()["id"]
    change = change_of(client, id)
    assert (change["actor_id"], change["actor_label"]) == (str(bob.id), None)
    # Until the pause ends, no other change waits for the store.
    assert users.pauses[commands.settings.PERSONAL_KEYS_URL] > time.monotonic()
    load(client)
    assert accesses_of(client, bob) == []
    (tmp_path / "away.db").rename(commands.keys)
    load(client)
    assert [row["method"] for row in accesses_of(client, bob)] == ["POST"]


def test_the_past_does_not_depend_on_the_keys_of_actors(
    client: Client, commands: Commands, pen: str, tmp_path: Path
) -> None:
    client.patch(f"products/{pen}", json={"stock": 2}).raise_for_status()
    at = client.get("audit/changes").json()["items"][1]["at"]
    Path(commands.keys).rename(tmp_path / "away.db")
    then = client.get(f"products/{pen}", params={"as_of": at})
    assert then.raise_for_status().json()["stock"] == 1
    listed = client.get("products", params={"as_of": at})
    assert listed.raise_for_status().json()["total"] == 1
    revert = client.post(f"products/{pen}/revert", json={"to_version": 1})
    assert revert.raise_for_status().json()["stock"] == 1


def test_a_key_without_a_person_is_destroyed(
    client: Client, commands: Commands, bob: Account
) -> None:
    """After a failure of power, it may be unknown whose key one is."""
    forget_persons(commands)  # so entries have another key than the record of the user
    made = client.post("products", json=PEN, headers=bob.header).json()["id"]
    load(client)
    assert change_of(client, made)["actor_label"] == TRACES[0]
    forget_persons(commands)
    commands.erase(str(bob.id), "User")
    assert change_of(client, made)["actor_label"] == ERASED
    assert [row["ip"] for row in accesses_of(client, bob)] == [ERASED]


def forget_persons(commands: Commands) -> None:
    with closing(sqlite3.connect(commands.keys)) as keys, keys:
        keys.execute("UPDATE personal_key SET subject = NULL")


def test_a_value_of_another_column_is_no_user(
    client: Client, commands: Commands, read: Read, audit_log: AuditLog, bob: Account
) -> None:
    own = {"full_name": json.dumps({"entity": "Task"})}
    client.patch(f"users/{bob.id}", json=own).raise_for_status()
    log = CHANGES.live
    named = select(log.c.new).where(log.c.entity_id == bob.id, log.c.version == 2)
    (new,) = read(named)
    made = client.post("products", json=PEN, headers=bob.header).json()["id"]
    for value in (new["full_name"], "encrypted:", "[]"):
        where = log.c.entity_id == UUID(made)
        execute(audit_log, update(log).where(where).values(personal=value))
        assert change_of(client, made)["entity"] == "Product"


@pytest.mark.parametrize("log", [CHANGES, ACCESSES], ids=lambda it: it.name)
def test_a_value_is_shown_for_its_user_only(
    client: Client, audit_log: AuditLog, bob: Account, pen: str, log: Log
) -> None:
    """SQL can copy it into an entry of another user, or store another text."""
    columns = log.live.c
    where = columns[f"{log.actor}_id"] == bob.id
    other = {f"{log.actor}_id": UUID(int=1), "personal": '{"actor_label": "eve"}'}
    for values in ({f"{log.actor}_id": UUID(int=1)}, other):
        execute(audit_log, update(log.live).where(where).values(values))
        where = columns[f"{log.actor}_id"] == UUID(int=1)
        shown = client.get(f"audit/{log.name}?{log.actor}_id={UUID(int=1)}")
        (row, *_) = shown.raise_for_status().json()["items"]
        assert row[f"{log.actor}_label"] is None


def test_an_unreadable_user_of_a_segment_stops_no_other(
    client: Client, bob: Account, pen: str
) -> None:
    access_log = client.app.state.access_log  # type: ignore[attr-defined]
    access_log.spool.write(b'{"user_id": "bob"}\n')
    client.get("products", headers=bob.header).raise_for_status()
    load(client)
    assert len(accesses_of(client, bob)) == 3


def kinds(commands: Commands, bob: Account) -> Counter[str]:
    """Return how many items of each kind an export of Bob has."""

    async def export(database: Database) -> list[Any]:
        person = Person(User, bob.id)
        return [item async for item in PersonExport(database, person).items()]

    return Counter(item["kind"] for item in commands.run(export))


@pytest.mark.slow
def test_an_export_has_what_was_restored(
    commands: Commands, audit_log: AuditLog, bob: Account, pen: str
) -> None:
    before = kinds(commands, bob)
    assert (before["change_made"], before["request"]) == (1, 2)
    for log in LOGS.values():
        own = log.live.c[f"{log.actor}_id"] == bob.id
        execute(audit_log, update(log.live).where(own).values(at=OLD))
    audit_log.seal()
    assert [it.rows for it in audit_log.archive().values()] == [1, 2]
    assert kinds(commands, bob)["change_made"] == 0
    audit_log.restore()
    assert kinds(commands, bob) == before


@pytest.mark.slow
def test_the_report_counts_what_was_restored(
    commands: Commands, audit_log: AuditLog
) -> None:
    audit_log.fill()
    named = commands.unreachable(str(BEN), "User")
    assert "30 entries of the change log name the user" in named
    assert "20 requests of the user" in named
    audit_log.seal()
    audit_log.archive(TODAY)
    assert "entries of the change log" not in commands.unreachable(str(BEN), "User")
    audit_log.restore()
    restored = commands.unreachable(str(BEN), "User").splitlines()
    assert restored[1:3] == named.splitlines()[:2]  # after the files
