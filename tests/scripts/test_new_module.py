"""The script new_module.py: the domain that it adds passes all checks."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.new_module import EXPORTS, FailedException, add_module
from scripts.templates.module import parse_module
from tests.scripts.copies import ROOT, copy_repository, tree

LAYERS = ("__init__", "models", "schemas", "repository", "service", "routers")
LISTS = {"app/modules/__init__.py", "alembic/env.py"}
GUIDE = "docs/RBAC_GUIDE.md"
FIELDS = (
    "number:str! remark:str? notes:text seats:int rank:int?! price:money "
    "discount:money? is_active:bool=true is_new:bool checked:bool? placed_at:instant "
    "due_at:instant? email:email?! contact:email status:enum=draft|sent|paid "
    "colour:enum=red|blue? customer_id:ref=customers task_id:ref=tasks?"
).split()

CALLS = 14  # routes of a domain
LINT_IMPORTS = str(Path(sys.executable).parent / "lint-imports")

# A test of the list, which contains the one order that the contract creates.
TEST_OF_LISTS = '''
from fastapi.testclient import TestClient

from tests.modules.test_gizmo_orders import TestCrud as GizmoOrders

FOUND = """q=NUMB q=ada@ min_seats=1&max_seats=1 min_price=1.50&max_price=1.5
is_active=true&is_new=false placed_before=2026-01-31T09:30:01Z status=draft&status=paid
sort=number sort=-seats sort=price sort=discount sort=-due_at sort=email sort=status"""
MISSED = """q=nothing min_seats=2 max_seats=0 max_rank=2147483647 min_price=1.51
max_discount=9.00 is_active=false checked=true placed_after=2026-01-31T09:30:00Z
due_before=2999-01-01T00:00:00Z status=sent colour=red&colour=blue
customer_id=018f3c1e-7a2b-7c3d-8e4f-0123456789ab"""


def test_filters_and_sorting_of_a_list(client: TestClient) -> None:
    payload = GizmoOrders.payload | GizmoOrders.create_references(client)
    client.post("gizmo_orders", json=payload)
    for query in FOUND.split():
        assert client.get(f"gizmo_orders?{query}").json()["total"] == 1, query
    for query in MISSED.split():
        assert client.get(f"gizmo_orders?{query}").json()["total"] == 0, query
    for query in ("min_seats=-1", "max_seats=2147483648", "sort=notes"):
        assert client.get(f"gizmo_orders?{query}").status_code == 422, query
'''
OWN_TESTS = (
    "tests/modules/test_gizmo_orders.py",
    "tests/modules/test_lists.py",
    "tests/core/db/test_migrations.py::test_the_migrations_match_the_models",
)
# With --whole: all tests, except those that run other programs or kill processes, and
# those that read nothing of what a new domain adds.
UNCONCERNED = ("audit/archive", "auth/sessions", "auth/tokens")
QUICK = (
    *("-m", "not slow and not browser and not client"),
    *(f"--ignore=tests/{room}" for room in UNCONCERNED),
)
# The slow tests that walk over all collections.
SLOW = ("-m", "slow", "tests/hostile", "tests/collections", "tests/auth/permissions")
ON_SQLITE = ("--database", "sqlite")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copy_repository(tmp_path / "copy")


def run(root: Path, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, *words], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def lines_added(old: bytes, new: bytes) -> list[str]:
    """Return the lines added in `new`; check that nothing else differs."""
    before, after = old.decode().splitlines(), new.decode().splitlines()
    added = [line for line in after if line not in before]
    assert [line for line in after if line not in added] == before
    return added


def check_only_additions(old: bytes, new: bytes) -> None:
    before, after = json.loads(old), json.loads(new)
    assert after["paths"].items() > before["paths"].items()
    schemas = before["components"]["schemas"]
    assert after["components"]["schemas"].items() > schemas.items()


def check_all(copy: Path) -> None:
    """Check types and import contracts, and run what concerns a domain, on the copy."""
    if (ROOT / ".mypy_cache").exists():
        shutil.copytree(ROOT / ".mypy_cache", copy / ".mypy_cache")
    run(copy, "-m", "mypy", ".")
    run(copy, LINT_IMPORTS, "--config", "tests/layers.ini", "--no-cache")
    for chosen in (QUICK, SLOW):
        run(copy, "-m", "pytest", "-q", *ON_SQLITE, *chosen)


@pytest.mark.slow
def test_a_new_domain_is_complete_and_isolated(
    copy: Path, pytestconfig: pytest.Config
) -> None:
    before = tree(copy)
    run(copy, "scripts/new_module.py", "gizmo_orders", *FIELDS)
    after = tree(copy)

    (migration,) = (copy / "alembic/versions").glob("*_gizmo_orders.py")
    added = after.keys() - before.keys()
    assert added == {
        *(f"app/modules/gizmo_orders/{layer}.py" for layer in LAYERS),
        "tests/modules/test_gizmo_orders.py",
        migration.relative_to(copy).as_posix(),
    }
    changed = {path for path in before if after.get(path) != before[path]}
    assert changed == {*LISTS, "docs/openapi.json", GUIDE}
    for path in LISTS:
        assert len(lines_added(before[path], after[path])) == 2
    assert len(lines_added(before[GUIDE], after[GUIDE])) == CALLS
    check_only_additions(before["docs/openapi.json"], after["docs/openapi.json"])

    run(copy, "-m", "ruff", "check", ".")
    run(copy, "-m", "ruff", "format", "--check", ".")
    (copy / "tests/modules/test_lists.py").write_text(TEST_OF_LISTS)
    whole = pytestconfig.getoption("whole")
    databases = () if whole else ON_SQLITE
    run(copy, "-m", "pytest", "-q", *databases, *OWN_TESTS)
    if whole:
        check_all(copy)


# Names that SQL reserves, and a reference to the domain itself.
VALUES = (
    "name:str born_on:date end:date? weight:decimal=3 rate:decimal=6? default:url "
    "link:url? order:code! group:code? plate:pattern=[A-Z]{2}[0-9]+,AB12 "
    'select:pattern=["\']+\\\\,"\\ parent_id:ref=orders?'
).split()
TEST_OF_VALUES = """
from fastapi.testclient import TestClient

from tests.modules.test_orders import TestCrud as Orders


def test_values(client: TestClient) -> None:
    made = client.post("orders", json=Orders.payload | {"weight": "-0.0"}).json()
    assert (made["born_on"], made["weight"]) == ("2026-01-31", "0.000")
    (change,) = client.get(f"orders/{made['id']}/history").json()["items"]
    new = change["new"]
    assert (new["born_on"], new["weight"]) == ("2026-01-31", "0.000")
    parent = {"parent_id": made["id"], "order": "CODE-2"}
    client.post("orders", json=Orders.payload | parent | {"plate": "CD1"})
    for query in ("q=AB1", "born_on_before=2026-02-01", "min_weight=0&max_weight=0.0"):
        query += "&parent_id=null"
        assert client.get(f"orders?{query}").json()["total"] == 1, query
    for query in ("born_on_after=2026-01-31", "max_weight=-0.001", "min_rate=-1"):
        assert client.get(f"orders?{query}").json()["total"] == 0, query
    assert client.delete(f"orders/{made['id']}").status_code == 409
"""


@pytest.mark.heavy
def test_a_domain_of_other_types_is_complete(copy: Path) -> None:
    run(copy, "scripts/new_module.py", "orders", *VALUES)
    run(copy, "-m", "ruff", "check", ".")
    run(copy, "-m", "ruff", "format", "--check", ".")
    run(copy, "-m", "mypy", "app/modules/orders")
    (copy / "tests/modules/test_values.py").write_text(TEST_OF_VALUES)
    tests = ("tests/modules/test_orders.py", "tests/modules/test_values.py")
    run(copy, "-m", "pytest", "-q", *tests, OWN_TESTS[-1])
    every = "tests/collections/test_every_collection.py"
    run(copy, "-m", "pytest", "-q", *ON_SQLITE, every, "-k", "orders")


@pytest.mark.slow
@pytest.mark.heavy
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_command_leaves_no_files(copy: Path, ending: int) -> None:
    before = tree(copy)
    words = [sys.executable, "scripts/new_module.py", "gizmos", "name:str"]
    with subprocess.Popen(
        words, cwd=copy, stderr=subprocess.PIPE, text=True
    ) as command:
        while not (copy / "app/modules/gizmos/routers.py").exists():
            assert command.poll() is None
            time.sleep(0.01)
        command.send_signal(ending)
        _, said = command.communicate()
    assert said == "All changes were undone. The command was interrupted.\n"
    assert tree(copy) == before


WRONG_STEPS = {
    "a document cannot be written": (EXPORTS[-1], "raise SystemExit('No')"),
    "the models are ahead of the migrations": (
        "app/modules/tasks/models.py",
        "    surprise: int = 0",
    ),
}
FIRST, *OTHERS = WRONG_STEPS


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong", [pytest.param(FIRST, marks=pytest.mark.heavy), *OTHERS]
)
def test_a_failed_step_leaves_no_files(copy: Path, wrong: str) -> None:
    path, line = WRONG_STEPS[wrong]
    with (copy / path).open("a") as file:
        file.write(f"{line}\n")
    before = tree(copy)
    with pytest.raises(FailedException, match="Failed: alembic"):
        add_module(copy, parse_module("gizmos", "", ["name:str"]))
    assert tree(copy) == before
    assert not (copy / "app/modules/gizmos").exists()
