"""Data migrations: the self-check reports what they change, or shows their reason."""

from pathlib import Path

import pytest
from alembic.command import upgrade
from fastapi.testclient import TestClient

from app.core.db.migrations import head
from tests.audit.consistency.test_check import check, make_changes
from tests.core.db.compatibility.migrations import Migrations

pytestmark = pytest.mark.slow

REASON = "names in upper case, ticket 12"
SQL = "UPDATE product SET name = upper(name), version = version + 1"
UPDATE = f"""op.execute("{SQL}")"""
RECORD = f"""op.record_unaudited("product", "{REASON}")"""


@pytest.fixture
def migrations(client: TestClient, url: str, tmp_path: Path) -> Migrations:
    make_changes(client)
    return Migrations(url, tmp_path)


def change_a_product(client: TestClient) -> None:
    product = client.get("products", params={"limit": 1}).json()["items"][0]
    changed = client.patch(f"products/{product['id']}", json={"name": "Later"})
    assert changed.status_code == 200


def test_a_recorded_data_migration_explains_its_changes(
    client: TestClient, url: str, migrations: Migrations
) -> None:
    """Also after later changes of the same records."""
    upgrade(migrations.add("a", True, f"{UPDATE}; {RECORD}"), "head")
    for _ in range(2):
        done = check(url)
        assert (done.code, REASON in done.output) == (0, True)
        change_a_product(client)


def test_an_unrecorded_data_migration_is_reported(
    client: TestClient, url: str, migrations: Migrations
) -> None:
    upgrade(migrations.add("a", compatible=True, upgrade=UPDATE), "head")
    for _ in range(2):
        assert check(url).code == 1
        change_a_product(client)


def test_offline_the_record_is_written_when_the_script_runs(
    url: str, migrations: Migrations, capsys: pytest.CaptureFixture[str]
) -> None:
    upgrade(migrations.add("a", True, f"{UPDATE}; {RECORD}"), f"{head()}:a", sql=True)
    sql = capsys.readouterr().out.partition("UPDATE product")
    changes = f"{sql[1]}{sql[2]}".replace("COMMIT;", "").split(";\n")
    migrations.execute(*filter(str.strip, changes))
    done = check(url)
    assert (done.code, REASON in done.output) == (0, True)
