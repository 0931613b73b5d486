"""A healthy system has no findings: archives, rotated keys, migrations, writers."""

import asyncio
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, update

from app.audit.archive.logs import CHANGES
from app.audit.archive.models import FileState
from app.core.clock import now
from app.core.config import Settings
from app.main import create_app, open_database
from app.modules.products.models import Product
from scripts.check_audit import find_inconsistencies
from tests.accounts import add_account
from tests.audit.archive.rows import OLD, AuditLog
from tests.audit.archive.run.past import id_at
from tests.audit.archive.verify.tampering import FILES, execute
from tests.audit.consistency.test_check import check, make_changes, tamper
from tests.audit.history.test_history import PEN, make, user_of
from tests.databases import make_settings
from tests.processes.forked import Done, command
from tests.processes.servers import environment

pytestmark = pytest.mark.slow

LOG = CHANGES.live
EMPTY_LEAVES = "UPDATE audit_seal SET leaves = ''"


@pytest.fixture
def log(settings: Settings, tmp_path: Path) -> AuditLog:
    return AuditLog(settings, tmp_path)


def archive(log: AuditLog, *conditions: object) -> None:
    """Archive the changes that match, as if they were ten days old."""
    aged = update(LOG).where(LOG.c.entity_id.is_not(None), *conditions)  # type: ignore[arg-type]
    execute(log, aged.values(at=OLD))
    assert log.archive()["changes"].rows


def assert_quiet(done: Done) -> None:
    assert (done.code, done.output) == (0, "All records match the change log.\n")


@pytest.mark.sampled
@pytest.mark.parametrize("first_versions", [1, 2, 99])
def test_records_with_archived_changes_have_no_findings(
    client: TestClient, url: str, log: AuditLog, first_versions: int
) -> None:
    make_changes(client)
    archive(log, LOG.c.version <= first_versions)
    assert_quiet(check(url))
    tamper(log.settings, EMPTY_LEAVES)
    assert_quiet(check(url))
    log.restore()
    assert_quiet(check(url))


def test_records_of_a_clock_that_was_ahead_have_no_findings(
    client: TestClient, url: str, log: AuditLog
) -> None:
    """Their seal is followed by seals of earlier times."""
    make(client, "products", PEN)
    ahead = now() + timedelta(days=1)
    values = {"entity_id": id_at(ahead), "id": id_at(ahead), "at": ahead}
    execute(log, update(LOG).where(LOG.c.entity == "Product").values(values))
    execute(log, update(Product.__table__).values(id=values["entity_id"]))
    for number in range(4):
        customer = {"name": "C", "email": f"{number}@example.com"}
        make(client, "customers", customer)
        log.seal()
    log.archive(before=ahead + timedelta(days=1))
    assert_quiet(check(url))
    tamper(log.settings, EMPTY_LEAVES)
    assert_quiet(check(url))


def test_restored_records_have_no_findings(client: TestClient, url: str) -> None:
    """Of what belonged to them, each row continues from its own last version."""
    role = make(client, "roles", {"name": "clerk", "modules": {"products": ["create"]}})
    user = user_of(client, role)
    for record, name in ((role, "description"), (user, "full_name")):
        client.patch(record, json={name: "Other"})
    client.patch(role, json={"modules": {"products": ["update"], "tasks": ["create"]}})
    for record in (user, role, user):
        for answer in (client.delete(record), client.post(f"{record}/restore")):
            assert answer.is_success, answer.text
    assert_quiet(check(url))


@pytest.mark.either
@pytest.mark.parametrize("state", [FileState.VERIFIED, FileState.HELD])
def test_records_of_a_file_that_is_deleted_in_part_have_no_findings(
    client: TestClient, url: str, log: AuditLog, state: FileState
) -> None:
    make_changes(client)
    archive(log, LOG.c.version == 1)
    execute(log, update(FILES).values(state=state))
    assert_quiet(check(url))


@pytest.mark.either
def test_differences_after_an_archived_beginning_are_found(
    client: TestClient, settings: Settings, url: str, log: AuditLog
) -> None:
    product = make(client, "products", PEN)
    client.patch(product, json={"price": "2.00"})
    client.patch(product, json={"price": "3.00"})
    archive(log, LOG.c.version == 1)
    tamper(settings, "UPDATE product SET price = 4")
    client.patch(product, json={"price": "5.00"})
    assert "price was '3.00' after version 3, but '4.00'" in check(url).output
    execute(log, delete(LOG).where(LOG.c.entity == "Product", LOG.c.version == 3))
    assert "version 3 is missing in the change log\n" in check(url).output


@pytest.mark.either
def test_a_record_that_is_newer_than_the_archive_has_a_beginning(
    client: TestClient, url: str, log: AuditLog
) -> None:
    make_changes(client)
    archive(log)
    tamper(log.settings, EMPTY_LEAVES)
    customer = {"name": "C", "email": "c@example.com"}
    made = make(client, "customers", customer)
    client.patch(made, json={"name": "D"})
    of_customer = LOG.c.entity == "Customer"
    execute(log, delete(LOG).where(of_customer, LOG.c.version == 1))
    assert "version 1 is missing in the change log, and no" in check(url).output
    execute(log, delete(LOG).where(of_customer))
    assert "the change log has no entry for it" in check(url).output


@pytest.mark.either
def test_without_seals_the_archive_s_end_decides(
    client: TestClient, url: str, log: AuditLog
) -> None:
    make(client, "products", PEN)
    archive(log)
    tamper(log.settings, "DELETE FROM audit_seal")
    assert "the change log has no entry for it" in check(url).output
    execute(log, update(FILES).values(last_at=now()))
    assert_quiet(check(url))


NEW = "new-" + "s" * 40


def rotated(settings: Settings, url: str) -> tuple[Settings, dict[str, str]]:
    secret = settings.SECRET_KEY.get_secret_value()
    new = {"SECRET_KEY": NEW, "SECRET_KEYS_OLD": secret}
    values = {"SECRET_KEY": NEW, "SECRET_KEYS_OLD": (secret,)}
    return make_settings(url, **values), environment(url, **new)


def change_password(settings: Settings) -> None:
    """Change the password of a user who was created with an older key."""
    with TestClient(create_app(settings), "http://test/api/v1/") as client:
        account = add_account(settings, is_superuser=True)
        client.headers.update(account.header)
        users = client.get("users?sort=created_at").json()["items"]
        new = {"password": "another fountain of oak and brass"}
        response = client.patch(f"users/{users[0]['id']}", json=new)
        assert response.status_code == 200, response.text


@pytest.mark.either
def test_values_that_were_hashed_with_an_old_key_have_no_findings(
    settings: Settings, url: str
) -> None:
    new_settings, variables = rotated(settings, url)
    run = ("scripts/check_audit.py",)
    assert_quiet(command(run, variables))
    change_password(new_settings)
    assert_quiet(command(run, variables))
    tamper(settings, "UPDATE user_account SET password_hash = 'forged'")
    assert "password_hash is 'hmac:" in command(run, variables).output


@pytest.mark.either
def test_one_old_key_excuses_one_difference(settings: Settings, url: str) -> None:
    new_settings, variables = rotated(settings, url)
    for _ in range(2):
        change_password(new_settings)
        tamper(settings, "UPDATE user_account SET password_hash = password_hash || 'x'")
    change_password(new_settings)
    output = command(("scripts/check_audit.py",), variables).output
    assert "password_hash was 'hmac:" in output
    assert "forged" not in output


@pytest.mark.either
@pytest.mark.sampled
@pytest.mark.parametrize("redacted", [frozenset(), frozenset({"name", "sku"})])
def test_a_column_whose_redaction_has_changed_is_no_finding(
    client: TestClient,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    redacted: frozenset[str],
) -> None:
    other = frozenset({"name", "sku"}) - redacted
    monkeypatch.setattr(Product, "redacted", redacted)
    product = make(client, "products", PEN)
    monkeypatch.setattr(Product, "redacted", other)
    assert asyncio.run(problems(settings)) == []
    client.patch(product, json={"name": "Pencil"})
    assert asyncio.run(problems(settings)) == []
    tamper(settings, "UPDATE product SET sku = 'X', name = 'hmac:forged'")
    # The search text and the sort key do not follow from the values either.
    assert len(asyncio.run(problems(settings))) == 2 + 1


@pytest.mark.either
def test_a_renamed_class_is_no_finding(
    client: TestClient, log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    product, gone = (
        make(client, "products", {**PEN, "sku": sku}) for sku in ("PEN-A", "PEN-B")
    )
    client.delete(gone)
    named = update(LOG).where(LOG.c.entity == "Product").values(entity="Item")
    execute(log, named)
    monkeypatch.setattr(Product, "former_entities", frozenset({"Item"}))
    client.patch(product, json={"name": "Pencil"})
    assert client.post(f"{gone}/restore").is_success
    assert asyncio.run(problems(log.settings)) == []
    tamper(log.settings, "UPDATE product SET price = 4 WHERE sku = 'PEN-A'")
    client.patch(product, json={"price": "5.00"})
    assert len(asyncio.run(problems(log.settings))) == 1


async def problems(settings: Settings) -> list[str]:
    async with open_database(settings) as database:
        return [str(each) async for each in find_inconsistencies(database)]


@pytest.mark.either
def test_a_column_that_the_log_does_not_have_is_no_finding(
    client: TestClient, url: str, log: AuditLog
) -> None:
    """Rewrite the log as it was before a migration added `stock`, dropped `color`."""
    product = make(client, "products", PEN)
    client.patch(product, json={"price": "2.00"})
    (row,) = [
        row
        for row in log.rows(CHANGES)
        if row["entity"] == "Product" and row["version"] == 1
    ]
    before = {name: value for name, value in row["new"].items() if name != "stock"}
    older = update(LOG).where(LOG.c.id == row["id"])
    execute(log, older.values(new=before | {"color": "red"}))
    assert_quiet(check(url))
    client.patch(product, json={"stock": 5})
    client.delete(product)
    client.post(f"{product}/restore")
    assert_quiet(check(url))


@pytest.mark.threads
def test_concurrent_writes_have_no_findings(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    products = [make(client, "products", {**PEN, "sku": f"PEN-{n}"}) for n in range(30)]
    monkeypatch.setattr("app.audit.consistency.repository.BATCH", 2)
    stop = Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            name = products[number % len(products)]
            client.patch(name, json={"name": f"Pen {number}"})
            client.delete(make(client, "products", {**PEN, "sku": f"INK-{number}"}))

    writer = Thread(target=write)
    writer.start()
    try:
        found = [
            problem for _ in range(5) for problem in asyncio.run(problems(settings))
        ]
    finally:
        stop.set()
        writer.join()
    assert found == []
