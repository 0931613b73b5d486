"""Replace a piece of code inside a named function, class or assignment.

Code is compared as syntax trees, so comments, formatting and moved lines don't matter.
In the code to be replaced, `...` stands for any expression, such as a message.
"""

import ast
import re
from collections.abc import Iterator
from textwrap import dedent, indent
from typing import Any, NamedTuple

from tests.mutants.syntax import (
    expressions,
    is_string,
    matches,
    members,
    names_of,
    parse,
    parses,
    windows,
)


class MismatchError(ValueError):
    """The mutant doesn't fit the code."""


class Span(NamedTuple):
    """A range of bytes, and the column at which it starts."""

    start: int
    end: int
    column: int


class Source:
    """The source of a module, and the statements in it that a qualified name means.

    Without a name, that is the whole module.
    """

    def __init__(self, text: str, name: str) -> None:
        self.content = text.encode()
        self.lines = self.content.splitlines(keepends=True)
        self.target = ast.parse(text).body
        scope = self.target
        for part in filter(None, name.split(".")):
            self.target = [node for node in scope if part in names_of(node)]
            scope = [inner for node in self.target for inner in members(node)]
        if not self.target:
            raise MismatchError("target not found")

    def replace(self, old: str, new: str) -> str:
        """Replace the only occurrence of `old`; an empty `new` removes it."""
        span = only(set(self.find(parse(old))))
        code = indent(dedent(new).strip(), " " * span.column).strip()
        if code or parses(removed := self.put(span, "pass")):
            return self.put(span, code) if code else removed
        # An argument or an element, not a statement: its comma goes with it.
        comma = re.match(rb"\s*,|", self.content[span.end :])
        end = span.end + (comma.end() if comma else 0)
        return self.put(span._replace(end=end), "")

    def replace_text(self, old: str, new: str) -> str:
        """Replace the only occurrence of `old` inside a string constant."""
        strings = (self.span([node]) for node in self.nodes() if is_string(node))
        pattern = re.escape(old.encode())
        found = {
            Span(text.start + match.start(), text.start + match.end(), 0)
            for text in strings
            for match in re.finditer(pattern, self.content[text.start : text.end])
        }
        return self.put(only(found), new)

    def nodes(self) -> Iterator[ast.AST]:
        waiting: list[ast.AST] = [ast.Module(self.target, [])]
        while waiting:
            node = waiting.pop()
            yield node
            # The parts of an f-string have no positions before Python 3.12.
            if not isinstance(node, ast.JoinedStr):
                waiting += ast.iter_child_nodes(node)

    def find(self, wanted: list[ast.stmt]) -> Iterator[Span]:
        parts = list(expressions(wanted))
        for node in self.nodes():
            if any(matches(node, part) for part in parts):
                yield self.span([node])
            for body in (getattr(node, name, None) for name in node._fields):
                for found in windows(body, len(wanted)):
                    if matches(found, wanted):
                        yield self.span(found)

    def span(self, nodes: list[Any]) -> Span:
        start, end = nodes[0], nodes[-1]
        return Span(
            self.offset(start.lineno, start.col_offset),
            self.offset(end.end_lineno, end.end_col_offset),
            start.col_offset,
        )

    def offset(self, line: int, column: int) -> int:
        return sum(map(len, self.lines[: line - 1])) + column

    def put(self, span: Span, code: str) -> str:
        before, after = self.content[: span.start], self.content[span.end :]
        return (before + code.encode() + after).decode()


def only(spans: set[Span]) -> Span:
    if len(spans) != 1:
        raise MismatchError(
            f"old found {len(spans)} times" if spans else "old not found"
        )
    return spans.pop()
