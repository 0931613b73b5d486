"""Values of every column type that a model can have, for Hypothesis."""

from datetime import UTC, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    Float,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Text,
    Time,
    Uuid,
)
from sqlalchemy.types import TypeEngine

from app.audit.models import Snapshot
from app.core.db.column_types import Money, UtcDateTime, enum_column


class Level(StrEnum):
    LOW = "low"
    HIGH = "high-1"


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
documents = st.dictionaries(texts, st.integers(-(2**31), 2**31) | texts | st.none())
cents = st.integers(0, 10**12 - 1).map(lambda number: Decimal(number) / 100)
floats = st.floats(allow_nan=False, allow_infinity=False, width=32)

STRATEGIES: list[tuple[TypeEngine[Any], st.SearchStrategy[Any]]] = [
    (Uuid(), st.uuids()),
    (Integer(), st.integers(-(2**31), 2**31 - 1)),
    (BigInteger(), st.integers(-(2**63), 2**63 - 1)),
    (Boolean(), st.booleans()),
    (String(200), texts),
    (Text(), texts),
    (LargeBinary(), st.binary()),
    (Float(), floats),
    (Float(asdecimal=True), floats.map(lambda number: Decimal(str(number)))),
    (Numeric(14, 2), cents),
    (Numeric(14, 2, asdecimal=False), cents),
    (Money(), cents),
    (enum_column(Level), st.sampled_from(Level)),
    (UtcDateTime(), st.datetimes(timezones=st.just(UTC))),
    (Date(), st.dates()),
    (Time(), st.times()),
    (Interval(), st.timedeltas(timedelta(0), timedelta(days=999))),
    (JSON(), documents),
    (Snapshot(), documents),
]
rows = st.tuples(*(st.none() | strategy for _, strategy in STRATEGIES))
