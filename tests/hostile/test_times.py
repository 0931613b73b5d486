from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.api import Api, is_rejected
from tests.hostile.document import Field, body_fields, is_timestamp, query_fields
from tests.hostile.strategies import TEXT, max_examples

INVALID_TIMESTAMPS = [
    *("0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "1899-12-31T23:59:59Z"),
    *("9999-12-31T23:59:00-12:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+12:00"),
    *("2026-01-31T09:30:00", "2026-01-31", "2026-01-31T09:30Z", "20260131T093000Z"),
    *("2026-02-30T09:30:00Z", "2026-01-31T24:00:00Z", "2026-01-31T23:59:60Z"),
    *("2026-01-31T09:30:00+24:00", "2026-01-31T09:30:00+0100", "2026-W05-6T09:30:00Z"),
    *("2026-01-31T09:30:00+01:60", "2026-01-31T09:30:00-25:00"),
    *("2026-01-31T09:30:00.Z", "2026-01-31T09:30:00Z[Europe/Paris]", "+2026-01-31"),
    *("\u0662\u0660\u0662\u0666-01-31T09:30:00Z", "1767225600", "now", "", "T", "Z"),
]
NON_STRINGS = [0, 1767225600, -1, 1.5, 10**30, True, [], {}, ["2026-01-31T09:30:00Z"]]

FIELDS = body_fields(is_timestamp)
CHANGED = [field for field in FIELDS if field.operation.method == "PATCH"]
QUERY_FIELDS = query_fields(is_timestamp)

RANGE = ("from", "to")

OFFSETS = st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m)))
TIMESTAMPS = st.datetimes(
    datetime(1900, 1, 2),  # noqa: DTZ001
    datetime(9998, 12, 30),  # noqa: DTZ001
    timezones=OFFSETS,
)


@pytest.mark.either
@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_an_invalid_timestamp_is_rejected(api: Api, field: Field) -> None:
    with api.unchanged(field.operation):
        for value in [*INVALID_TIMESTAMPS, *NON_STRINGS]:
            assert is_rejected(api.send_field(field, value)), value


@pytest.mark.either
@pytest.mark.parametrize("field", QUERY_FIELDS, ids=str)
def test_an_invalid_timestamp_in_a_query_is_rejected(api: Api, field: Field) -> None:
    for text in INVALID_TIMESTAMPS:
        assert is_rejected(api.query(field.operation, {field.name: text})), text


@pytest.mark.slow
@pytest.mark.parametrize("field", CHANGED, ids=str)
@max_examples(40)
@given(timestamp=TIMESTAMPS)
def test_a_timestamp_is_returned_in_utc(
    api: Api, field: Field, timestamp: datetime
) -> None:
    answer = api.send_field(field, timestamp.isoformat())
    assert answer.status_code == 200, answer.text
    for shown in (answer, api.get_record(field.operation)):
        text = shown.json()[field.name]
        assert text.endswith("Z")
        assert datetime.fromisoformat(text) == timestamp.astimezone(UTC)


@pytest.mark.slow
@pytest.mark.sampled(5, on=["postgresql"])
@pytest.mark.parametrize("field", QUERY_FIELDS, ids=str)
@max_examples(20)
@given(timestamp=TIMESTAMPS)
def test_any_timestamp_may_be_queried(
    api: Api, field: Field, timestamp: datetime
) -> None:
    # A range may not end before it begins.
    names = RANGE if field.name in RANGE else (field.name,)
    answer = api.query(field.operation, dict.fromkeys(names, timestamp.isoformat()))
    # `as_of` a time before the first record is 404.
    known = {200, 404} if field.name == "as_of" else {200}
    assert answer.status_code in known, answer.text


@pytest.mark.either
@pytest.mark.parametrize("field", FIELDS, ids=str)
@max_examples(20)
@given(text=st.from_regex(r"[0-9TtZz:.+-]{10,40}", fullmatch=True) | TEXT)
def test_a_malformed_timestamp_is_rejected(api: Api, field: Field, text: str) -> None:
    assert is_rejected(api.send_field(field, text))
