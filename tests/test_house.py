"""House rules that the linters do not check."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

import pytest
from importlinter import configuration
from importlinter.application.use_cases import lint_imports
from sqlmodel import SQLModel

from app.core.models import entities

ROOT = Path(__file__).parent.parent
APP = ROOT / "app"
SOURCES = sorted(path for path in APP.rglob("*.py") if path.stat().st_size)
SCRIPTS = sorted(APP.rglob("static/*.js"))
# Sinks that parse HTML, and storage where a token would persist.
UNSAFE = ("HTML", "document.write", "eval(", "Storage", "cookie", "indexedDB")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions() -> Iterator[tuple[str, Function]]:
    for path in SOURCES:
        for node in ast.walk(parse(path)):
            if isinstance(node, Function):
                yield f"{path.relative_to(APP)}:{node.name}", node


def length(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_imports_point_one_way() -> None:
    # Not importlinter.cli's function: it disables every logger of the process.
    configuration.configure()
    assert lint_imports(config_filename="tests/layers.ini", cache_dir=None)


@pytest.mark.parametrize("tree", ["app", "tests"])
def test_folders_hold_few_files(tree: str) -> None:
    files = (ROOT / tree).rglob("*.py")
    folders = Counter(path.parent for path in files if path.name != "__init__.py")
    folders[APP / "core"] -= 4  # the modules that every slice imports
    assert {folder: count for folder, count in folders.items() if count > 14} == {}


def test_files_are_short() -> None:
    lengths = {str(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {path: lines for path, lines in lengths.items() if lines > 150} == {}
    # A domain's files are as long as its fields make them.
    ours = [lines for path, lines in lengths.items() if "/app/modules/" not in path]
    assert median(ours) <= 60


def test_scripts_are_short_and_harmless() -> None:
    for path in SCRIPTS:
        text = path.read_text()
        assert len(text.splitlines()) <= 150, path
        assert [name for name in UNSAFE if name in text] == [], path


def test_functions_are_short() -> None:
    lengths = {name: length(node) for name, node in functions()}
    assert {name: lines for name, lines in lengths.items() if lines > 25} == {}
    assert median(lengths.values()) <= 6


def test_every_file_has_a_docstring() -> None:
    found = {path: ast.get_docstring(parse(path)) or "" for path in SOURCES}
    first = {path: docstring.partition("\n")[0] for path, docstring in found.items()}
    assert [path for path, line in first.items() if not line.endswith((".", "?"))] == []


def users_of(attributes: set[str]) -> set[str]:
    return {
        path.relative_to(APP).as_posix()
        for path in SOURCES
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Attribute) and node.attr in attributes
    }


def test_only_the_database_modules_commit() -> None:
    assert users_of({"commit", "begin", "begin_nested"}) == {
        "core/db/database.py",
        "core/db/driver/transaction.py",
        "core/db/records/batching.py",
        "core/db/records/orm_session.py",
        "core/db/records/session.py",
    }


def test_only_the_driver_modules_use_driver_connections() -> None:
    """They emit SQLAlchemy's event before each statement, for the guard.

    A notification is none that writes.
    """
    beneath = {"raw_connection", "get_raw_connection", "driver_connection"}
    assert users_of(beneath) == {
        "core/db/driver/connections.py",
        "core/db/driver/drivers.py",
        "core/db/notify/channel.py",
        "core/db/sqlite/shared_connection.py",
    }


def test_only_migrations_create_tables() -> None:
    assert users_of({"create_all", "drop_all"}) == set()


def test_the_framework_s_exception_is_not_raised() -> None:
    raised = {
        name
        for name, node in functions()
        for part in ast.walk(node)
        if isinstance(part, ast.Raise) and "HTTPException" in ast.dump(part)
    }
    assert raised == set()


# Changed by each request or login attempt, and recorded in the security log.
UNAUDITED = {
    "api_key_use",
    "auth_session",
    "idempotency_key",
    "login_throttle",
    "password_link",
    "rate_limit_use",
    "user_revoked_token",
}
# The tables of the audit itself.
AUDIT = {
    "audit_change",
    "audit_access",
    "audit_pruning",
    "audit_archive",
    "audit_identity",
    "audit_seal",
    "audit_tile",
    "audit_key",
    "audit_hold",
    "audit_change_restored",
    "audit_access_restored",
}


def test_every_table_is_audited_or_exempt() -> None:
    tables = {model.__table__ for model in entities()}
    names = {table.name for table in tables if table.metadata is SQLModel.metadata}
    assert set(SQLModel.metadata.tables) == names | UNAUDITED | AUDIT
