from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.api import Api, is_refused
from tests.hostile.document import Field, body_fields, is_instant, query_fields
from tests.hostile.strategies import TEXT, tries

NO_INSTANTS = [
    *("0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "1899-12-31T23:59:59Z"),
    *("9999-12-31T23:59:00-12:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+12:00"),
    *("2026-01-31T09:30:00", "2026-01-31", "2026-01-31T09:30Z", "20260131T093000Z"),
    *("2026-02-30T09:30:00Z", "2026-01-31T24:00:00Z", "2026-01-31T23:59:60Z"),
    *("2026-01-31T09:30:00+24:00", "2026-01-31T09:30:00+0100", "2026-W05-6T09:30:00Z"),
    *("2026-01-31T09:30:00.Z", "2026-01-31T09:30:00Z[Europe/Paris]", "+2026-01-31"),
    *("\u0662\u0660\u0662\u0666-01-31T09:30:00Z", "1767225600", "now", "", "T", "Z"),
]
NO_STRINGS = [0, 1767225600, -1, 1.5, 10**30, True, [], {}, ["2026-01-31T09:30:00Z"]]

FIELDS = body_fields(is_instant)
CHANGED = [field for field in FIELDS if field.operation.method == "PATCH"]
ASKED = query_fields(is_instant)

OFFSETS = st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m)))
INSTANTS = st.datetimes(
    datetime(1900, 1, 2),  # noqa: DTZ001
    datetime(9998, 12, 30),  # noqa: DTZ001
    timezones=OFFSETS,
)


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_what_is_no_instant_is_refused(api: Api, field: Field) -> None:
    with api.unchanged(field.operation):
        for value in [*NO_INSTANTS, *NO_STRINGS]:
            assert is_refused(api.fill(field, value)), value


@pytest.mark.parametrize("field", ASKED, ids=str)
def test_what_is_no_instant_cannot_be_asked_for(api: Api, field: Field) -> None:
    for text in NO_INSTANTS:
        assert is_refused(api.ask(field.operation, {field.name: text})), text


@pytest.mark.parametrize("field", CHANGED, ids=str)
@tries(40)
@given(instant=INSTANTS)
def test_an_instant_comes_back_in_utc(
    api: Api, field: Field, instant: datetime
) -> None:
    answer = api.fill(field, instant.isoformat())
    assert answer.status_code == 200, answer.text
    for shown in (answer, api.show(field.operation)):
        text = shown.json()[field.name]
        assert text.endswith("Z")
        assert datetime.fromisoformat(text) == instant.astimezone(UTC)


@pytest.mark.parametrize("field", ASKED, ids=str)
@tries(20)
@given(instant=INSTANTS)
def test_any_instant_may_be_asked_for(
    api: Api, field: Field, instant: datetime
) -> None:
    answer = api.ask(field.operation, {field.name: instant.isoformat()})
    # There was nothing yet in the remote past.
    known = {200, 404} if field.name == "as_of" else {200}
    assert answer.status_code in known, answer.text


@pytest.mark.parametrize("field", FIELDS, ids=str)
@tries(20)
@given(text=st.from_regex(r"[0-9TtZz:.+-]{10,40}", fullmatch=True) | TEXT)
def test_almost_an_instant_is_refused(api: Api, field: Field, text: str) -> None:
    assert is_refused(api.fill(field, text))
