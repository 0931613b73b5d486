"""Parser of the field arguments, such as name:str."""

import re
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError

from scripts.templates.fields import Field
from scripts.templates.kinds import KINDS

GRAMMAR = """\
A FIELD is name:TYPE, followed by ? if it is nullable, then ! if it is unique.

\b
str        one line of 1 to 200 characters
text       up to 2000 characters; default: empty
int        an integer, 0 to 2147483647
money      a decimal with two places, 0.00 to 9999999999.99
bool       true or false; default: false, or true with bool=true
instant    a date and time with time zone
date       a day, such as 2026-01-31
decimal=N  a decimal with N places, 1 to 6, of 15 digits
url        an http or https URL of up to 2000 characters
code       3 to 40 capital letters, digits and hyphens
pattern=REGEX,EXAMPLE  up to 200 characters that match, such as [0-9]+,123
email      an e-mail address; email! is unique regardless of case
ref=NAME   the id of a record of the module NAME
enum=a|b   one of these words; default: the first

Lists can be sorted by all types but text, bool, url and ref, and filtered by int,
money, decimal, bool, instant, date, ref and enum; q searches str, text, code, pattern
and email. Only str, int, code, email and ref can be unique. Quote fields for the shell
if they contain ? ! | or brackets.
"""
SHAPE = re.compile(r"([^:]*):([a-z]+)(?:=([^?!]*))?(\??)(!?)")
WORD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST_CHOICE = 20  # as wide as app.core.db.column_types makes the column


class RefusedException(Exception):
    """Invalid arguments. The message says why."""


def parse_field(text: str) -> Field:
    """Parse a field argument; see GRAMMAR.

    Raises:
        RefusedException: the argument is invalid.
    """
    shape = SHAPE.fullmatch(text)
    if shape is None:
        raise RefusedException(f"`{text}` is not name:TYPE; see --help.")
    name, kind, argument, null, unique = shape.groups(default="")
    if kind not in KINDS:
        raise RefusedException(f"Unknown type `{kind}`; use one of {', '.join(KINDS)}.")
    if unique and not KINDS[kind].may_be_unique:
        raise RefusedException(f"`{name}` cannot be unique: its type is {kind}.")
    if not is_fitting(kind, argument):
        raise RefusedException(f"`{text}` has an invalid {kind} argument; see --help.")
    return Field(name, kind, argument, bool(null), bool(unique))


def is_matched(pattern: str, example: str) -> bool:
    """Return whether Pydantic accepts the pattern, and matches the example."""
    try:
        shape = StringConstraints(max_length=200, pattern=f"^({pattern})$")
        TypeAdapter(Annotated[str, shape]).validate_python(example)
    except (SchemaError, ValidationError):
        return False
    return bool(pattern)


def is_fitting(kind: str, argument: str) -> bool:
    """Return whether the text after `=` is a valid argument of this type."""
    if kind == "enum":
        words = argument.split("|")
        short = all(WORD.fullmatch(w) and len(w) <= LONGEST_CHOICE for w in words)
        return short and len(words) == len(set(words)) > 1
    if kind == "ref":
        return WORD.fullmatch(argument) is not None
    if kind == "decimal":
        return re.fullmatch("[1-6]", argument) is not None
    if kind == "pattern":
        return is_matched(*argument.rpartition(",")[::2])
    return argument in (("", "true", "false") if kind == "bool" else ("",))
