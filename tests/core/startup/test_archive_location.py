"""The location of the audit archive, as a setting and as an option."""

import pytest
from pydantic import ValidationError

from app.core.startup.archive_location import BucketLocation, parse_location
from tests.databases import make_settings
from tests.processes.forked import command
from tests.processes.servers import environment

NAME, PART = "not the name of a bucket", "empty or relative part"
MALFORMED = {
    "s4://audit": "s4:// is no kind of archive",
    "S3://audit": "S3:// is no kind of archive",
    "s3://": NAME,
    "s3:///etc": NAME,
    "s3://hunter2:canary@audit": NAME,
    "s3://audit//b": PART,
    "s3://audit/../b": PART,
    "s3://audit/a//": PART,
    "s3://audit/a\nb": PART,
}


@pytest.mark.parametrize("text", MALFORMED, ids=ascii)
def test_a_malformed_location_stops_the_start(text: str) -> None:
    with pytest.raises(ValidationError, match=MALFORMED[text]) as failure:
        make_settings("sqlite:///", AUDIT_ARCHIVE_DIR=text)
    assert "canary" not in str(failure.value)


@pytest.mark.parametrize("text", ["", "/srv/audit", "audit", "s3:/audit", "a:b"])
def test_other_text_is_a_folder(text: str) -> None:
    assert parse_location(text) is None


@pytest.mark.parametrize("prefix", ["", "a", "a/b c/ü%20?#", "..a/b.."])
def test_a_bucket_has_a_prefix(prefix: str) -> None:
    expected = BucketLocation("s3", "my.bucket-1", prefix)
    assert parse_location(f"s3://my.bucket-1/{prefix}") == expected


def test_a_prefix_may_end_with_a_slash() -> None:
    assert parse_location("s3://audit/a/") == parse_location("s3://audit/a")
    assert parse_location("s3://audit/") == parse_location("s3://audit")


@pytest.mark.slow
def test_a_malformed_location_is_a_usage_error() -> None:
    words = ("scripts/archive_audit.py", "run", "--yes", "--dest", "s3://audit/../b")
    done = command(words, environment("sqlite:////nowhere/at/all.db"))
    assert (done.code, done.output) == (2, "")
    assert PART in done.errors.replace("\n", " ")
