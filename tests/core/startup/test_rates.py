"""Rate limits in the settings."""

import pytest
from pydantic import ValidationError

from app.core.startup.rates import WRONG, Rate
from tests.databases import make_settings

URL = "sqlite:///"
NONSENSE = (
    "600",
    "600/",
    "/60",
    "0/60",
    "600/0",
    "-1/60",
    "600/-60",
    "600/60/60",
    " 600/60",
    "600/60\n",
    "6e2/60",
    "600.5/60",
    "٦٠٠/٦٠",
    "600/86401",
    "600/minute",
    "1000000000/60",
    "off",
    "600/60,10/1",
)


@pytest.mark.parametrize("name", ["RATE_LIMIT_USER", "RATE_LIMIT_KEY"])
@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_is_rejected_in_one_sentence(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        make_settings(URL, **{name: value})
    (error,) = refused.value.errors(include_input=False)
    assert error["loc"] == (name,)
    assert error["msg"] == f"Value error, {WRONG}"


@pytest.mark.parametrize(
    ("value", "rate"),
    [("", None), ("600/60", Rate(600, 60)), ("1/86400", Rate(1, 86_400))],
)
def test_a_rate_is_requests_and_seconds(value: str, rate: Rate | None) -> None:
    assert rate == make_settings(URL, RATE_LIMIT_USER=value).RATE_LIMIT_USER
