"""Questions about syntax trees: what a name means, what is a statement, what parses."""

import ast
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def members(node: ast.stmt) -> list[ast.stmt]:
    """Return what has a qualified name below a statement's: no local variables."""
    if isinstance(node, ast.ClassDef):
        return node.body
    body = node.body if isinstance(node, Definition) else []
    return [inner for inner in body if isinstance(inner, Definition)]


def names_of(node: ast.stmt) -> list[str]:
    """Return the names that a statement defines."""
    if isinstance(node, Definition):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets += [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def expressions(wanted: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield what these statements mean inside an expression or a signature."""
    match wanted:
        case [ast.Expr(value)]:
            yield value
        case [ast.Assign([ast.Name(name)], value)]:
            yield ast.keyword(name, value)
        case [ast.AnnAssign(ast.Name(name), kind, None)]:
            yield ast.arg(name, kind)


def matches(node: Any, wanted: Any) -> bool:
    """Compare syntax; `...` in what is wanted matches any expression."""
    if isinstance(wanted, ast.Constant) and wanted.value is ...:
        return isinstance(node, ast.expr)
    if type(node) is not type(wanted):
        return False
    if isinstance(wanted, list):
        pairs = zip(node, wanted, strict=False)
        return len(node) == len(wanted) and all(matches(*pair) for pair in pairs)
    if isinstance(wanted, ast.AST):
        names = wanted._fields
        pair = ((getattr(node, n, None), getattr(wanted, n, None)) for n in names)
        return all(matches(*each) for each in pair)
    return bool(node == wanted)


def windows(body: Any, size: int) -> Iterator[list[ast.stmt]]:
    if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
        for start in range(len(body) - size + 1):
            yield body[start : start + size]


def is_string(node: ast.AST) -> bool:
    constant = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return constant or isinstance(node, ast.JoinedStr)


def parse(code: str) -> list[ast.stmt]:
    try:
        return ast.parse(dedent(code).strip()).body
    except SyntaxError:
        # An expression of several lines that are only valid inside brackets.
        return ast.parse(f"(\n{code}\n)").body


def parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True
