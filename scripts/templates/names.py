"""Check that generated code defines no name twice and shadows none that it uses."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from scripts.templates.grammar import RefusedException


def check_names(path: Path, text: str) -> None:
    """Reject a file with duplicate or shadowed names.

    Raises:
        RefusedException: a module, class or field has the name of something else.
    """
    tree = ast.parse(text)
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    meanings = [Counter(given(tree.body))]
    meanings += [Counter(given(node.body)) + Counter(used(node)) for node in classes]
    for counter in meanings:
        for name, times in counter.items():
            if times > 1:
                raise RefusedException(f"`{name}` conflicts with a name in {path}.")


def given(body: list[ast.stmt]) -> Iterator[str]:
    """Yield each name that these statements define."""
    for node in body:
        match node:
            case ast.Import() | ast.ImportFrom():
                yield from (alias.asname or alias.name for alias in node.names)
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name
            case ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(ast.Name(name)):
                yield name


def used(node: ast.ClassDef) -> set[str]:
    """Return the names in a class's field definitions, which a field would shadow."""
    fields = [part for part in node.body if isinstance(part, ast.AnnAssign)]
    return {
        part.id
        for field in fields
        for part in ast.walk(field)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
    }
