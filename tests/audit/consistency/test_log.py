"""Contradictions within the change log are found, however old they are."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, insert, text

from app.audit.archive.logs import CHANGES
from app.audit.archive.repository import PRUNING
from app.audit.changes.guard import unaudited
from app.core.config import Settings
from app.core.db.ids import uuid7
from app.main import open_database
from tests.audit.archive.rows import AuditLog
from tests.audit.archive.verify.tampering import execute
from tests.audit.consistency.test_check import check, tamper
from tests.audit.history.test_history import PEN, make

pytestmark = pytest.mark.slow

LOG = CHANGES.live
Manipulate = Callable[[AuditLog], None]


@pytest.fixture
def log(settings: Settings, tmp_path: Path) -> AuditLog:
    return AuditLog(settings, tmp_path)


def sql(statement: str) -> Manipulate:
    return lambda log: tamper(log.settings, statement)


def lose(*versions: int) -> Manipulate:
    """Delete changes of the product from the log."""
    of_product = LOG.c.entity == "Product", LOG.c.version.in_(versions)
    return lambda log: execute(log, delete(LOG).where(*of_product))


def add(action: str, version: int, like: int) -> Manipulate:
    """Insert a copy of one of the product's changes, with another action."""

    def manipulate(log: AuditLog) -> None:
        row = next(
            row
            for row in log.rows(CHANGES)
            if (row["entity"], row["version"]) == ("Product", like)
        )
        log.add(CHANGES, [row | {"id": uuid7(), "action": action, "version": version}])

    return manipulate


def both(*manipulations: Manipulate) -> Manipulate:

    def manipulate(log: AuditLog) -> None:
        for each in manipulations:
            each(log)

    return manipulate


BETWEEN = [
    (
        sql("UPDATE product SET price = 10"),
        "version 3: price was '2.00' after version 2, but '10.00' before this change",
    ),
    (
        sql("UPDATE product SET version = 9"),
        "version 10: versions 3 to 9 are missing in the change log",
    ),
    (
        both(sql("UPDATE product SET version = 3"), add("INSERT", 3, 1)),
        "version 3: this change is an INSERT, but the record existed",
    ),
    (
        both(sql("UPDATE product SET version = 3"), add("DELETE", 3, 2)),
        "version 4: the record was deleted before this change, and not restored",
    ),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("manipulate", "found"), BETWEEN)
def test_what_later_changes_cover_is_found(
    client: TestClient, url: str, log: AuditLog, manipulate: Manipulate, found: str
) -> None:
    product = make(client, "products", PEN)
    client.patch(product, json={"price": "2.00"})
    manipulate(log)
    for price in ("1.00", "3.00"):
        assert client.patch(product, json={"price": price}).status_code == 200
    done = check(url)
    assert done.code == 1
    assert f"Product {product.partition('/')[2]} {found}" in done.output


AFTER = [
    (lose(2), "version 3: version 2 is missing in the change log"),
    (lose(1, 2), "version 3: versions 1 to 2 are missing in the change log, and no"),
    (lose(4), "version 4: version is 4, but 3 in the change log"),
    (lose(1, 2, 3, 4), "the record exists, and the change log has no entry for it"),
    (add("DELETE", 5, 4), "the record exists, although its last change is a DELETE"),
    (add("UPDATE", 5, 4), "version 5: price was '4.00' after version 4, but '3.00'"),
    (
        add("ERASE", 5, 4),
        "version 5: its action is 'ERASE', which the application does",
    ),
    (add("UPDATE", 1_000, 4), "version 1000: versions 5 to 999 are missing"),
    (both(lose(1), add("UPDATE", 1, 2)), "the first change is not an INSERT"),
    (sql("DELETE FROM product"), "the record is missing, and the change log has no DE"),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("manipulate", "found"), AFTER)
def test_a_manipulated_log_is_found(
    client: TestClient, url: str, log: AuditLog, manipulate: Manipulate, found: str
) -> None:
    product = make(client, "products", PEN)
    for price in ("2.00", "3.00", "4.00"):
        client.patch(product, json={"price": price})
    manipulate(log)
    done = check(url)
    assert done.code == 1
    assert found in done.output


def test_a_value_changed_before_a_delete_is_found(
    client: TestClient, settings: Settings, url: str
) -> None:
    product = make(client, "products", PEN)
    tamper(settings, "UPDATE product SET stock = 2")
    assert client.delete(product).status_code == 204
    done = check(url)
    assert "version 2: stock was 3 after version 1, but 2 before" in done.output
    client.post(f"{product}/restore")
    assert check(url).output == done.output


def test_a_deleted_record_that_is_inserted_again_is_found(
    client: TestClient, settings: Settings, url: str
) -> None:
    product = make(client, "products", PEN)
    tamper(settings, "CREATE TABLE kept AS SELECT * FROM product")
    client.delete(product)
    tamper(settings, "INSERT INTO product SELECT * FROM kept")
    assert "although its last change is a DELETE" in check(url).output


def test_a_record_inserted_with_an_entry_for_no_version_is_found(
    client: TestClient, url: str, log: AuditLog
) -> None:
    make(client, "products", PEN)
    (row,) = [row for row in log.rows(CHANGES) if row["entity"] == "Product"]
    log.add(CHANGES, [row | {"id": uuid7(), "version": None}])
    assert "1 entries of the change log have no id or no version" in check(url).output


@pytest.mark.sampled
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE product SET price = 'ten' WHERE sku = 'PEN-1'",
        "UPDATE product SET created_at = 'yesterday' WHERE sku = 'PEN-1'",
    ],
)
def test_a_row_that_cannot_be_read_is_found_and_hides_no_other(
    client: TestClient, settings: Settings, url: str, statement: str
) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL accepts values of the column's type only")
    for number in range(1, 4):
        make(client, "products", {**PEN, "sku": f"PEN-{number}"})
    tamper(settings, statement)
    tamper(settings, "UPDATE product SET stock = 4 WHERE sku = 'PEN-3'")
    output = check(url).output
    assert "cannot be read, because a value does not fit" in output
    assert "stock is 4, but 3 in the change log" in output


def test_a_change_that_cannot_be_read_is_found(
    client: TestClient, url: str, log: AuditLog
) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL accepts JSON only")
    make(client, "products", PEN)
    execute(log, text("UPDATE audit_change SET new = '{' WHERE entity = 'Product'"))
    assert "version 1: it cannot be read" in check(url).output


def test_a_version_that_is_no_number_is_found(
    client: TestClient, url: str, log: AuditLog
) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL accepts values of the column's type only")
    make(client, "products", PEN)
    execute(log, text("UPDATE audit_change SET version = 'x' WHERE entity = 'Product'"))
    assert "version x: it cannot be read" in check(url).output


@pytest.mark.parametrize("change", [{"price": "7.00"}, {"name": "Quill"}])
def test_a_difference_that_an_unaudited_write_explains_is_shown_with_its_reason(
    client: TestClient, settings: Settings, url: str, change: dict[str, str]
) -> None:
    product = make(client, "products", PEN)

    async def write() -> None:
        async with open_database(settings) as database, database.writing() as session:
            with unaudited("imported twice"):
                query = "UPDATE product SET price = 5, version = version + 1"
                await session.execute(text(query))

    asyncio.run(write())
    for _ in range(3):
        done = check(url)
        assert done.code == 0, done.output
        assert "(unaudited write: 'imported twice')" in done.output
        client.patch(product, json=change)
        change = {"price": "9.00"}
    tamper(settings, "UPDATE user_account SET full_name = 'x'")
    assert check(url).code == 1


def test_the_exit_code_without_a_database(settings: Settings, url: str) -> None:
    done = check(url.replace("test_", "absent_").replace(".db", "/absent/none.db"))
    assert done.code == 3
    assert "incomplete" in done.errors or "no schema" in done.errors


def test_an_id_in_another_spelling_ends_no_check(
    client: TestClient, url: str, log: AuditLog
) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL has one spelling of an id")
    make(client, "products", PEN)
    spelled = "entity_id = '{' || entity_id || '}'"
    execute(log, text(f"UPDATE audit_change SET {spelled} WHERE entity = 'Product'"))  # noqa: S608
    execute(log, text("UPDATE product SET id = upper(id)"))
    output = check(url).output
    assert "1 entries of the change log have no id or no version" in output
    assert "1 records have an id that is no UUID" in output


def test_a_permit_to_delete_is_found(log: AuditLog, url: str) -> None:
    assert check(url).code == 0
    execute(log, insert(PRUNING).values(id=uuid7()))
    done = check(url)
    assert done.code == 1
    assert "every program can delete rows of the log" in done.output
    execute(log, delete(PRUNING))
    assert check(url).code == 0
