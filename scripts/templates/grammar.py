"""The words of the command line that tell of a field."""

import re

from scripts.templates.fields import Field
from scripts.templates.kinds import KINDS

GRAMMAR = """\
A FIELD is name:TYPE, with ? behind it if it may be null, and ! if it is unique.

\b
str        one line of 1 to 200 characters
text       up to 2000 characters; empty when left out
int        a whole number, 0 to 2147483647
money      an amount with two places, 0.00 to 9999999999.99
bool       false when left out; bool=true for the contrary
instant    a date and time with its time zone
email      an e-mail address; email! takes all its spellings for one
ref=NAME   the id of a record of the module NAME
enum=a|b   one of these words; the first when left out

Lists are sorted by everything but text, bool and ref; filtered by int, money, bool,
instant, ref and enum; and q looks through str, text and email. Only str, int, email
and ref may be unique. Quote what means something to your shell: ? ! and |.
"""
SHAPE = re.compile(r"([^:]*):([a-z]+)(?:=([^?!]*))?(\??)(!?)")
WORD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST_CHOICE = 20  # as wide as app.core.db.column_types makes the column


class RefusedException(Exception):
    """What was asked for cannot be made, and why."""


def parse_field(text: str) -> Field:
    """Read one word of the command line.

    Raises:
        RefusedException: it is not in the grammar.
    """
    shape = SHAPE.fullmatch(text)
    if shape is None:
        raise RefusedException(f"`{text}` is not name:TYPE; see --help.")
    name, kind, argument, null, unique = shape.groups(default="")
    if kind not in KINDS:
        raise RefusedException(f"There is no type `{kind}`, only {', '.join(KINDS)}.")
    if unique and not KINDS[kind].may_be_unique:
        raise RefusedException(f"`{name}` cannot be unique: it is of the type {kind}.")
    if not is_fitting(kind, argument):
        raise RefusedException(f"`{text}` does not say what {kind} needs; see --help.")
    return Field(name, kind, argument, bool(null), bool(unique))


def is_fitting(kind: str, argument: str) -> bool:
    """Tell whether what stands behind the = is what the type wants there."""
    if kind == "enum":
        words = argument.split("|")
        short = all(WORD.fullmatch(w) and len(w) <= LONGEST_CHOICE for w in words)
        return short and len(words) == len(set(words)) > 1
    if kind == "ref":
        return WORD.fullmatch(argument) is not None
    return argument in (("", "true", "false") if kind == "bool" else ("",))
