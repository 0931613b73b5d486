"""The guide lists each event of the log that an operator may have to act upon."""

import ast
import re

import pytest

from tests.test_house import APP, SOURCES, parse

GUIDE = APP.parent / "docs/OPERATIONS.md"
LEVELS = {"warning", "error", "exception", "critical"}


def logged() -> set[str]:
    """Return the events of these levels, wherever the code names one."""
    return {
        str(call.args[0].value)
        for path in SOURCES
        for call in ast.walk(parse(path))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in LEVELS
        and ast.unparse(call.func.value) == "logger"
        and isinstance(call.args[0], ast.Constant)
    }


@pytest.mark.slow
def test_each_warning_and_error_is_in_the_guide() -> None:
    _, table, _ = re.split("<!-- /?events -->", GUIDE.read_text())
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(logged())
