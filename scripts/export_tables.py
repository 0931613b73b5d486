"""Fill the tables in docs/ that are derived from code: permissions, audit, ASVS."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from inspect import unwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from app.core.startup.project_python import use_project_python

use_project_python()


from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from app.audit.ocsf import accesses, changes
from app.auth.bearer import get_principal
from app.auth.dependencies import PermissionChecker
from app.auth.permissions.actions import FINDER, action_of
from app.collections.files.imports.dependencies import actions_of as actions_of_imports
from app.collections.files.imports.transactions import ACTIONS
from app.core.observability.metrics.names import (
    HISTOGRAMS,
    PREFIX,
    REQUESTS,
    VALUES,
)
from app.main import app
from tests.audit.archive.attacks.table import print_attacks


def dependencies(dependant: Dependant) -> Iterator[object]:
    for child in dependant.dependencies:
        yield child.call
        yield from dependencies(child)


def requirement_of(route: RouteContext, method: str) -> str:
    """Return what an operation requires: a permission, a signed-in user or nothing."""
    calls = list(dependencies(route.dependant))
    for call in calls:
        if isinstance(call, PermissionChecker):
            endpoint: Any = route.endpoint
            find = getattr(unwrap(endpoint), FINDER, None)
            if find is actions_of_imports:
                return " and ".join(f"`{call.module}:{each}`" for each in ACTIONS)
            if find:
                return f"`{call.module}:` with the `op` of each item"
            return f"`{call.module}:{action_of(route.endpoint, method, route.path)}`"
    return "a signed-in user" if get_principal in calls else "nothing"


def matrix() -> Iterator[str]:
    yield "| operation | requires |"
    yield "|---|---|"
    for route in iter_route_contexts(app.routes):
        if route.include_in_schema and (route.path or "").startswith("/api/"):
            for method in sorted(route.methods or ()):
                call = f"`{method} {(route.path or '').removeprefix('/api/v1')}`"
                yield f"| {call} | {requirement_of(route, method)} |"


def asvs() -> Iterator[str]:
    proofs = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for number, name in asvs_marks(path):
            proofs[number].append(f"`{path.stem}`: {name[5:].replace('_', ' ')}")
    yield "| requirement | tests |"
    yield "|---|---|"
    for number in sorted(proofs, key=lambda dotted: [*map(int, dotted.split("."))]):
        yield f"| {number} | {'; '.join(proofs[number])} |"


def asvs_marks(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each ASVS requirement number with the name of a test marked with it."""
    numbers: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := re.match(r'\s*@pytest\.mark\.asvs\("([\d.]+)"\)', line):
            numbers.append(found[1])
        elif found := re.match(r"\s*(?:async )?def (test_\w+)", line):
            yield from ((number, found[1]) for number in numbers)
            numbers = []


MATRIX = ROOT / "tests/audit/changes/test_matrix.py"
NO_CHANGE = {"recorded()": "nothing has changed: no row"}


def write_paths() -> Iterator[str]:
    """Yield the ways of writing and the audit's reaction, from the tests in MATRIX."""
    yield "| way of writing | the audit |"
    yield "|---|---|"
    for node in ast.parse(MATRIX.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.AsyncFunctionDef) and node.decorator_list:
            mark = ast.unparse(node.decorator_list[0])
            result = NO_CHANGE.get(mark, mark.partition("(")[0])
            if result in (*NO_CHANGE.values(), "recorded", "refused"):
                yield f"| {node.name.replace('_', ' ')} | {result} |"
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield f"| `{ast.literal_eval(node.value.args[0])!r}` | refused |"


def metrics() -> Iterator[str]:
    yield "| metric | labels | meaning |"
    yield "|---|---|---|"
    yield f"| `{REQUESTS}` | `route`, `method`, `status` | {HISTOGRAMS[REQUESTS]} |"
    for name, metric in VALUES.items():
        label = f"`{metric.label}` " if metric.label else ""
        yield f"| `{PREFIX}{name}` | {label}| {metric.help} |"


def ocsf(class_uid: int) -> Iterator[str]:
    yield "| attribute | source |"
    yield "|---|---|"
    for path, source, _ in OCSF_MAPPINGS[class_uid]:
        yield f"| `{path}` | {source} |"


OCSF_MAPPINGS = {**changes.MAPPINGS, **accesses.MAPPINGS}
Table = Callable[[], Iterator[str]]
TABLES: tuple[tuple[Path, str, Table], ...] = (
    *(
        (ROOT / "docs/operations/OCSF.md", f"ocsf_{uid}", partial(ocsf, uid))
        for uid in OCSF_MAPPINGS
    ),
    (ROOT / "docs/AUDIT_GUIDE.md", "paths", write_paths),
    (ROOT / "docs/AUDIT_PROOF.md", "attacks", print_attacks),
    (ROOT / "docs/OPERATIONS.md", "metrics", metrics),
    (ROOT / "docs/RBAC_GUIDE.md", "matrix", matrix),
    (ROOT / "docs/SECURITY.md", "asvs", asvs),
)


def fill_table(text: str, name: str, lines: Iterator[str]) -> str:
    table = f"<!-- {name} -->\n{chr(10).join(lines)}\n<!-- /{name} -->"
    return re.sub(
        f"<!-- {name} -->.*<!-- /{name} -->", lambda _: table, text, flags=re.S
    )


if __name__ == "__main__":
    for path, name, table in TABLES:
        text = path.read_text(encoding="utf-8")
        path.write_text(fill_table(text, name, table()), encoding="utf-8")
        print(f"Filled {path.relative_to(ROOT)}")
