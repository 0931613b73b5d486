"""The preference for old records: its header, and where nothing can be old."""

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from app.core.web.collections.stale_reads import (
    APPLIED,
    PREFER,
    allows_stale,
    prefers_stale,
)
from app.main import app
from tests.databases import make_settings

POSTGRESQL = "postgresql://app@localhost/app"
LISTS = ("/products", "/products/stats", "/products/export", "/audit/changes")
OTHERS = ("/products/{product_id}", "/products/batch", "/products/deleted")


@pytest.mark.parametrize(
    "lines",
    [
        ["stale-ok"],
        ["Stale-OK"],
        ["respond-async, wait=10", "return=minimal , stale-ok; any"],
        [",,stale-ok,"],
        ['a="b, c\\", d"; e="," , stale-ok'],
    ],
)
def test_the_preference_is_found(lines: list[str]) -> None:
    assert prefers_stale(lines)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [""],
        ["stale-ok=0"],
        ['x="\\", stale-ok\\'],
        ['"stale-ok"'],
        ["x; stale-ok"],
        ['x="y, stale-ok, z"'],
    ],
)
def test_other_preferences_are_ignored(lines: list[str]) -> None:
    assert not prefers_stale(lines)


@pytest.mark.parametrize(
    ("query", "is_allowed"),
    [
        ("", True),
        ("limit=200&offset=0&sort=after", True),
        ("limit=1&offset=1", False),
        ("after=7-0", False),
        ("cursor=", False),
        ("updated_since=2026-01-01T00:00:00Z", False),
        ("as_of=2026-01-01T00:00:00Z", True),
        ("as_of=2099-01-01T00:00:00Z", False),
        ("as_of=no-time", True),
    ],
)
def test_some_lists_cannot_be_old(query: str, is_allowed: bool) -> None:
    assert allows_stale(query.encode(), max_lag=10) is is_allowed


@pytest.mark.parametrize("value", ["stale-ok", "\xff", ",;=" * 1_000])
def test_without_a_replica_nothing_changes(client: TestClient, value: str) -> None:
    answer = client.get("products", headers=[(b"prefer", value.encode("latin-1"))])
    assert answer.status_code == 200
    assert not {"vary", APPLIED.lower()} & set(answer.headers)
    assert "replica" not in client.get("http://test/readyz").json()["checks"]


def test_the_document_has_the_header_where_it_counts() -> None:
    paths = app.openapi()["paths"]
    for path in LISTS:
        assert PREFER in paths[f"/api/v1{path}"]["get"]["parameters"], path
    for path in OTHERS:
        assert PREFER not in paths[f"/api/v1{path}"]["get"].get("parameters", ()), path


def test_sqlite_has_no_replica() -> None:
    with pytest.raises(ValidationError, match="SQLite has no replica"):
        make_settings("sqlite:///app.db", DATABASE_REPLICA_URL=POSTGRESQL)


@pytest.mark.parametrize("url", ["sqlite:///app.db", "http://x", "postgresql://a:b:c/"])
def test_a_replica_has_a_url_of_postgresql(url: str) -> None:
    with pytest.raises(ValidationError, match="DATABASE_REPLICA_URL"):
        make_settings(POSTGRESQL, DATABASE_REPLICA_URL=url)
