"""Field types, with their code in models, schemas, queries and tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SAME = {"{name}": "=="}
RANGE = {"min_{name}": ">=", "max_{name}": "<="}
PERIOD = {"{stem}_before": "<", "{stem}_after": ">"}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Field type. The strings are code with {placeholders} of Field.filled."""

    python: str
    wire: str
    column: str = ""
    default: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    filter: str = ""
    # Values that the generated test creates with, and then updates to.
    first: str = ""
    then: str = ""
    is_text: bool = False
    is_sorted: bool = True
    is_indexed: bool = True
    may_be_unique: bool = False


KINDS = {
    "str": Kind(
        python="str",
        wire="{alias}",
        column="max_length=200",
        first='"{title}"',
        then='"Another {label}"',
        is_text=True,
        is_indexed=False,  # its sort key is
        may_be_unique=True,
    ),
    "text": Kind(
        python="str",
        wire="{alias}",
        column="max_length=2000",
        default='""',
        then='"Two\\nlines"',
        is_text=True,
        is_sorted=False,
        is_indexed=False,
    ),
    "int": Kind(
        python="int",
        wire="Count",
        filters=RANGE,
        filter="QueryCount",
        first="1",
        then="2",
        may_be_unique=True,
    ),
    "money": Kind(
        python="Decimal",
        wire="Amount",
        column="sa_type=Money",
        filters=RANGE,
        filter="Amount",
        first='"1.50"',
        then='"2.00"',
    ),
    "bool": Kind(
        python="bool",
        wire="bool",
        default="{argument}",
        filters=SAME,
        filter="QueryBool",
        then="{opposite}",
        is_sorted=False,
        is_indexed=False,
    ),
    "instant": Kind(
        python="datetime",
        wire="Instant",
        column="sa_type=UtcDateTime",
        filters=PERIOD,
        filter="Instant",
        first='"2026-01-31T09:30:00Z"',
        then='"2026-02-28T18:00:00Z"',
    ),
    "date": Kind(
        python="date",
        wire="Day",
        filters=PERIOD,
        filter="Day",
        first='"2026-01-31"',
        then='"2026-02-28"',
    ),
    "decimal": Kind(
        python="Decimal",
        wire="{alias}",
        column="sa_column=Column("
        "FixedDecimal({places}), index=True, nullable={is_null})",
        filters=RANGE,
        filter="{alias}",
        first='"{decimal}"',
        then='"-{decimal}"',
        is_indexed=False,
    ),
    "url": Kind(
        python="str",
        wire="Url",
        column="max_length=2000",
        first='"https://example.com/"',
        then='"https://example.org/"',
        is_sorted=False,
        is_indexed=False,
    ),
    "code": Kind(
        python="str",
        wire="{alias}",
        column="max_length=40",
        first='"CODE-1"',
        then='"CODE-2"',
        is_text=True,
        may_be_unique=True,
    ),
    "pattern": Kind(
        python="str",
        wire="{alias}",
        column="max_length=200",
        first="{example!r}",
        is_text=True,
    ),
    "email": Kind(
        python="str",
        wire="Email",
        column="max_length=254",
        first='"ada@example.com"',
        then='"countess@example.com"',
        is_text=True,
        is_indexed=False,
        may_be_unique=True,
    ),
    "ref": Kind(
        python="UUID",
        wire="Id",
        column='foreign_key="{table}.id"',
        filters=SAME,
        filter="Id",
        is_sorted=False,
        may_be_unique=True,
    ),
    "enum": Kind(
        python="{enum}",
        wire="{enum}Name",
        column="sa_column=Column(enum_column({enum}), index=True, nullable={is_null})",
        default="{enum}.{initial}",
        filters=SAME,
        filter="list[{enum}Name]",
        then='"{second}"',
        is_indexed=False,
    ),
}
