"""Docstrings, literals, lists of words and class names in generated code."""

from collections.abc import Iterable
from textwrap import fill

WIDTH = 88
INDENT = "    "


def docstring(summary: str, detail: str) -> str:
    """Return a function's docstring, on one line if it fits."""
    line = f'"""{summary} {detail}"""' if detail else f'"""{summary}"""'
    if len(INDENT + line) <= WIDTH:
        return line
    paragraph = fill(detail, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    return f'"""{summary}\n\n{paragraph}\n{INDENT}"""'


def joined(words: Iterable[str], last: str) -> str:
    """Join words with commas and a conjunction: one, two and three."""
    *others, end = words
    return f"{', '.join(others)} {last} {end}" if others else end


def regex(pattern: str) -> str:
    """Return a literal for a regular expression, raw if it can be."""
    can_be = pattern.isprintable() and '"' not in pattern
    return f'r"^({pattern})$"' if can_be else repr(f"^({pattern})$")


def class_name(name: str) -> str:
    return name.title().replace("_", "")
