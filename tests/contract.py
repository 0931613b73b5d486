"""Tests for every CRUD slice. A subclass supplies the path and the payloads."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any, ClassVar, get_type_hints

import pytest
from fastapi.testclient import TestClient

from app.core.clock import now
from app.core.db.ids import uuid7
from app.core.exceptions import ConflictException
from app.core.models import Entity
from app.core.service import CrudService
from app.core.web.collections.resource import resource_of
from app.core.web.routing import API
from app.endpoints import COLLECTIONS
from app.modules import ROUTERS
from tests.conftest import MakeAccount

Json = dict[str, Any]

INVALID_QUERIES = (
    "surprise=1 limit=0 limit=201 limit=1_0 limit=+1 limit=1.0 limit=1&limit=2 "
    "offset=-1 offset=10001 offset=1000000000 sort=id;drop sort=- sort=password_hash "
    "count=yes after=x q= q=%00 q=%ff q=a&q=b as_of= as_of=now as_of=2026-11-23 "
    "as_of=2026-11-23T10:00:00 as_of=0001-01-01T00:00:00Z as_of=9999-12-31T23:59:59Z"
).split()
LATE = "2099-01-01T00:00:00Z"
NO_CREDENTIALS = {"authorization": ""}


def status_and_code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def unique_value(value: Any) -> Any:
    """Return a number, a text or an email that no record has yet."""
    fresh = uuid7()
    if isinstance(value, int):
        return fresh.int % 2**31
    return fresh.hex[-12:].upper() + ("@example.com" if "@" in value else "")


def service_of(resource: str) -> type[CrudService[Any, Any, Any]]:
    """Return the class of the service behind a collection's routes."""
    (router,) = (each for each in COLLECTIONS if each.prefix == f"{API}/{resource}")
    hints = get_type_hints(resource_of(router).get_service)
    service: type[CrudService[Any, Any, Any]] = hints["return"]
    return service


def reject(_: object, entity: Entity) -> None:
    raise ConflictException(f"{type(entity).__name__} is locked")


class CrudContract:
    resource: ClassVar[str]
    payload: ClassVar[Json]
    change: ClassVar[Json]
    # Fields that are write-only.
    secret: ClassVar[frozenset[str]] = frozenset()
    # Fields of the payload with a unique constraint.
    unique: ClassVar[frozenset[str]] = frozenset()
    # Required foreign keys, with the slice that each refers to.
    references: ClassVar[Mapping[str, type["CrudContract"]]] = {}

    @classmethod
    def body(cls, client: TestClient) -> Json:
        """Return a valid body that conflicts with no other record."""
        fresh = {name: unique_value(cls.payload[name]) for name in cls.unique}
        return cls.payload | fresh | cls.create_references(client)

    @classmethod
    def create_references(cls, client: TestClient) -> Json:
        """Create the referenced records; return the foreign keys."""
        return {name: other.make(client) for name, other in cls.references.items()}

    @classmethod
    def make(cls, client: TestClient) -> str:
        """Create a record; return its id."""
        made = client.post(cls.resource, json=cls.body(client))
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    @pytest.fixture
    def others(self, client: TestClient) -> list[Json]:
        """Return the records of an empty test database."""
        items: list[Json] = client.get(self.resource).json()["items"]
        return items

    @pytest.fixture
    def record(self, client: TestClient, others: list[Json]) -> str:
        payload = self.payload | self.create_references(client)
        made = client.post(self.resource, json=payload)
        assert made.status_code == 201, made.text
        url = f"{self.resource}/{made.json()['id']}"
        assert made.headers["location"] == f"/api/v1/{url}"
        return url

    def test_a_record_is_created_read_changed_and_deleted(
        self, client: TestClient, others: list[Json], record: str
    ) -> None:
        shown = {k: v for k, v in self.payload.items() if k not in self.secret}
        assert client.get(record).json().items() >= shown.items()
        changed = client.patch(record, json=self.change)
        assert changed.json().items() >= self.change.items()
        assert client.get(record).json() == changed.json()
        items = [changed.json(), *others]
        page = {"items": items, "total": len(items), "limit": 50, "offset": 0}
        assert client.get(self.resource).json() == page
        assert client.delete(record).status_code == 204
        assert client.get(record).status_code == 404
        assert client.get(self.resource).json()["items"] == others

    def test_a_duplicate_of_a_unique_value_is_rejected(
        self, client: TestClient, record: str
    ) -> None:
        again = client.post(
            self.resource, json=self.payload | self.create_references(client)
        )
        assert again.status_code == (409 if self.unique else 201)
        for name in self.unique:
            taken = self.body(client) | {name: self.payload[name]}
            rejected = client.post(self.resource, json=taken)
            assert status_and_code(rejected) == (409, "conflict")
            (error,) = rejected.json()["errors"]
            assert error["loc"] == ["body", name]
            assert error["msg"].endswith(f" has the same {name}")

    def test_a_repeated_request_is_done_once(
        self, client: TestClient, others: list[Json]
    ) -> None:
        body, key = self.body(client), {"idempotency-key": uuid7().hex}
        one, two = (
            client.post(self.resource, json=body, headers=key) for _ in range(2)
        )
        assert (one.status_code, one.content) == (201, two.content)
        assert two.headers["idempotency-replayed"] == "true"
        url = f"{self.resource}/{one.json()['id']}"
        for _ in range(2):
            deleted = client.delete(url, headers=key)
            assert deleted.status_code == 204
            assert deleted.headers.keys().isdisjoint({"content-type", "content-length"})
        assert client.get(self.resource).json()["items"] == others

    def test_the_past_of_the_collection_can_be_read(
        self, client: TestClient, record: str
    ) -> None:
        made, at_first = client.get(self.resource).json(), now().isoformat()
        changed = client.patch(record, json=self.change).json()
        assert client.delete(record).status_code == 204
        query = {"as_of": at_first}
        assert client.get(self.resource, params=query).json() == made
        rest = client.get(self.resource).json()
        assert client.get(self.resource, params={"as_of": LATE}).json() == rest
        (gone,) = client.get(f"{self.resource}/deleted").json()["items"]
        assert (gone["id"], gone["record"]) == (changed["id"], changed)
        assert gone["actor"]["id"] == client.get("auth/me").json()["id"]
        assert client.post(f"{record}/restore").status_code == 200
        assert client.get(f"{self.resource}/deleted").json()["items"] == []

    def test_an_export_has_the_records_of_the_list(
        self, client: TestClient, record: str
    ) -> None:
        items = client.get(self.resource).json()["items"]
        lines = client.get(f"{self.resource}/export?format=jsonl").text.splitlines()
        found = [json.loads(line) for line in lines]
        # A line also has the names of related records.
        assert [each | item for each, item in zip(found, items, strict=True)] == found
        text = client.get(f"{self.resource}/export").text
        rows = csv.DictReader(io.StringIO(text, newline=""))
        assert [row["id"] for row in rows] == [item["id"] for item in items]

    def test_an_export_is_imported_without_a_change(
        self, client: TestClient, record: str
    ) -> None:
        file = client.get(f"{self.resource}/export")
        answer = client.post(
            f"{self.resource}/import",
            content=file.content,
            headers={"content-type": "text/csv"},
        )
        if self.resource in {router.prefix.rpartition("/")[2] for router in ROUTERS}:
            assert answer.json().items() >= {"unchanged": 1, "error_count": 0}.items()
        else:
            assert answer.status_code == 405

    def test_timestamps_are_in_utc(self, client: TestClient, record: str) -> None:
        body = client.get(record).json()
        assert body["created_at"].endswith("Z")
        assert body["updated_at"].endswith("Z")

    def test_the_etag_is_the_version(self, client: TestClient, record: str) -> None:
        assert client.get(record).headers["etag"] == '"1"'
        assert client.patch(record, json=self.change).headers["etag"] == '"2"'
        assert client.get(record).headers["etag"] == '"2"'
        assert client.get(self.resource).headers["etag"].startswith('W/"')

    def test_an_unmodified_record_is_304(self, client: TestClient, record: str) -> None:
        for held in ('"1"', 'W/"1"', '"7", "1"', "*"):
            same = client.get(record, headers={"if-none-match": held})
            assert (same.status_code, same.content) == (304, b"")
            assert same.headers["etag"] == '"1"'
        other = client.get(record, headers={"if-none-match": '"2"'})
        assert other.status_code == 200

    def test_a_change_of_nothing_keeps_the_version(
        self, client: TestClient, record: str
    ) -> None:
        before = client.patch(record, json=self.change)
        again = client.patch(record, json=self.change)
        assert again.json() == before.json()
        assert client.patch(record, json={}).json() == before.json()

    def test_an_outdated_change_is_412(self, client: TestClient, record: str) -> None:
        client.patch(record, json=self.change)
        for seen in ('"1"', 'W/"1"', '"22"'):
            headers = {"if-match": seen}
            stale = client.patch(record, json=self.change, headers=headers)
            assert status_and_code(stale) == (412, "precondition_failed")
            assert client.delete(record, headers=headers).status_code == 412
        seen_now = {"if-match": '"1", "2"'}
        assert client.delete(record, headers=seen_now).status_code == 204

    def test_a_locked_record_cannot_be_changed(
        self, client: TestClient, record: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client.patch(record, json=self.change)
        before = client.get(record).json()
        monkeypatch.setattr(service_of(self.resource), "check_changeable", reject)
        calls: list[tuple[str, str, Json]] = [
            ("PATCH", record, self.change),
            ("DELETE", record, {}),
            ("POST", f"{record}/revert", {"to_version": 1}),
            ("POST", f"{record}/revert?dry_run=true", {"to_version": 1}),
        ]
        for method, url, body in calls:
            rejected = client.request(method, url, json=body)
            assert status_and_code(rejected) == (409, "conflict"), (method, url)
        assert client.get(record).json() == before

    def test_if_match_star_accepts_any_version(
        self, client: TestClient, record: str
    ) -> None:
        star = {"if-match": "*"}
        assert client.patch(record, json=self.change, headers=star).status_code == 200
        missing = f"{self.resource}/{uuid7()}"
        assert client.delete(missing, headers=star).status_code == 404

    @pytest.mark.parametrize("header", ["1", '"1', '"1" "2"', "", "W/*"])
    def test_a_malformed_precondition_is_400(
        self, client: TestClient, record: str, header: str
    ) -> None:
        rejected = client.patch(record, json=self.change, headers={"if-match": header})
        assert rejected.status_code == 400
        assert client.get(record, headers={"if-none-match": header}).status_code == 400

    def test_an_unknown_id_is_404(self, client: TestClient) -> None:
        url = f"{self.resource}/{uuid7()}"
        assert client.get(url).status_code == 404
        assert client.patch(url, json=self.change).status_code == 404
        assert client.delete(url).status_code == 404

    def test_null_is_rejected(self, client: TestClient, record: str) -> None:
        nulls = dict.fromkeys(self.change)
        assert client.patch(record, json=nulls).status_code == 422

    @pytest.mark.parametrize(
        "name", ["id", "version", "created_at", "updated_at", "surprise"]
    )
    def test_unknown_and_read_only_fields_are_rejected(
        self, client: TestClient, record: str, name: str
    ) -> None:
        before = client.get(record).json()
        value = before.get(name, 1)
        assert client.patch(record, json={name: value}).status_code == 422
        made = client.post(self.resource, json=self.body(client) | {name: value})
        assert made.status_code == 422
        assert client.get(record).json() == before

    @pytest.mark.parametrize("query", INVALID_QUERIES)
    def test_an_invalid_query_is_422(self, client: TestClient, query: str) -> None:
        rejected = client.get(f"{self.resource}?{query}")
        assert status_and_code(rejected) == (422, "validation_failed")
        assert rejected.json()["errors"][0]["loc"][0] == "query"

    def test_an_invalid_query_changes_nothing(
        self, client: TestClient, others: list[Json]
    ) -> None:
        rejected = client.post(f"{self.resource}?x=1", json=self.body(client))
        assert rejected.status_code == 422
        assert client.get(self.resource).json()["items"] == others

    def test_a_reader_cannot_write(
        self, client: TestClient, make_account: MakeAccount, record: str
    ) -> None:
        before = client.get(record).json()
        reader = make_account(f"{self.resource}:read").header
        # 403 comes before 404 and 422: a reader cannot find out which records exist.
        absent = f"{self.resource}/{uuid7()}"
        calls = [("POST", "create", self.resource)]
        calls += [("PATCH", "update", url) for url in (record, absent)]
        calls += [("DELETE", "delete", url) for url in (record, absent)]
        for method, action, url in calls:
            anonymous = client.request(method, url, json={}, headers=NO_CREDENTIALS)
            assert status_and_code(anonymous) == (401, "invalid_token")
            rejected = client.request(method, url, json={}, headers=reader)
            assert status_and_code(rejected) == (403, "permission_denied")
            scope = f'scope="{self.resource}:{action}"'
            assert rejected.headers["www-authenticate"].endswith(scope)
        assert client.get(record, headers=NO_CREDENTIALS).status_code == 401
        assert client.get(record, headers=reader).json() == before
