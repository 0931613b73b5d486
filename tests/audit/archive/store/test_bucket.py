"""An archive in a bucket: objects in memory, and servers with faults."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from obstore.store import MemoryStore

from app.audit.archive.exceptions import (
    StoreException,
    UsageException,
    VerificationException,
)
from app.audit.archive.logs import LogName
from app.audit.archive.store.bucket import BucketStore
from app.audit.archive.store.opened import open_store
from app.audit.archive.store.store import Store
from tests.databases import make_settings
from tests.processes.s3_answers import S3Answers, answering

pytestmark = pytest.mark.slow

PARTS = "app.audit.archive.store.object_reader.PART_BYTES"
BASE = "changes/2026/11/2026-11-23.0001"


@pytest.fixture
def objects() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def store(objects: MemoryStore) -> BucketStore:
    return BucketStore(objects, "s3://audit")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Answers]:
    with answering(S3Answers()) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def open_s3(location: str = "s3://audit/years") -> Store:
    return open_store(location, make_settings("sqlite:///", AUDIT_ARCHIVE_TIMEOUT=30))


def test_an_object_is_never_replaced(store: BucketStore) -> None:
    store.write_file(f"{BASE}.keys", b"rows")
    with pytest.raises(VerificationException, match="adopt"):
        store.write_file(f"{BASE}.keys", b"other rows")
    assert store.read_file(f"{BASE}.keys") == b"rows"


def test_nothing_is_written_if_the_writing_is_interrupted(store: BucketStore) -> None:
    with pytest.raises(ZeroDivisionError), store.open_atomic("day") as file:
        file.write(b"rows" * (1 // 0))
    assert not store.file_exists("day")


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 35, 40])
def test_an_object_is_read_in_parts(
    store: BucketStore, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(PARTS, 10)
    content = bytes(range(size))
    store.write_file("day", content)
    assert store.read_file("day") == content
    assert store.get_size("day") == size
    with store.open_file("day") as file:
        assert file.read(3) + file.read(4) + file.read() == content


def test_an_object_that_is_replaced_while_it_is_read_is_refused(
    store: BucketStore, objects: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PARTS, 10)
    store.write_file("day", b"rows" * 10)
    with store.open_file("day") as file:
        assert file.read(4) == b"rows"
        objects.put("day", b"soap" * 10)
        with pytest.raises(VerificationException, match="replaced"):
            file.read()


def test_a_range_ends_with_its_object(store: BucketStore) -> None:
    store.write_file("day", b"0123456789")
    assert store.read_range("day", 2, 5) == b"234"
    assert store.read_range("day", 8, 50) == b"89"
    assert store.read_range("day", 20, 50) == b""


def test_only_the_objects_of_one_file_are_removed(store: BucketStore) -> None:
    kept = [f"{BASE}0.keys", f"{BASE}/x.keys", f"accesses/{BASE}.keys"]
    for name in [f"{BASE}.keys", f"{BASE}.jsonl.gz", *kept]:
        store.write_file(name, b"")
    assert store.find_files(BASE) == [f"{BASE}.jsonl.gz", f"{BASE}.keys"]
    store.remove_partial(BASE)
    assert len(store.find_files(BASE)) == 2
    store.remove_files(BASE)
    assert store.find_files(BASE) == []
    assert [name for name in kept if store.file_exists(name)] == kept


def test_a_missing_object_is_a_missing_file(store: BucketStore) -> None:
    for read in (store.read_file, store.hash_file, store.get_size):
        with pytest.raises(FileNotFoundError, match=r"No such file.*: 'day'"):
            read("day")
    assert not store.file_exists("day")
    assert store.list_manifests(LogName.CHANGES) == []


@pytest.mark.parametrize("name", ["../secret", "changes/../../secret", "a//b"])
def test_a_path_stays_below_the_prefix(store: BucketStore, name: str) -> None:
    with pytest.raises(VerificationException, match="leaves"):
        store.read_file(name)


def test_a_malformed_endpoint_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:9000")
    with pytest.raises(UsageException, match="AWS_ENDPOINT_URL must begin with"):
        open_s3()


def test_credentials_may_be_in_the_env_file(
    answers: S3Answers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = (f"{name}={value}\n" for name, value in answers.environment.items())
    (tmp_path / ".env").write_text("".join(lines))
    monkeypatch.chdir(tmp_path)
    for name in answers.environment:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    open_s3().write_file("day", b"rows")
    assert [*answers.objects] == ["/audit/years/day"]


def test_a_prefix_is_literal_text(answers: S3Answers) -> None:
    open_s3("s3://audit/a b%20/ü?#/").write_file("day", b"rows")
    assert [*answers.objects] == ["/audit/a%20b%2520/%C3%BC%3F%23/day"]


def test_a_server_that_replaces_objects_is_refused(answers: S3Answers) -> None:
    """It ignores the condition, as old servers do."""
    answers.is_conditional = False
    with pytest.raises(StoreException, match="If-None-Match"):
        open_s3().write_file("day", b"rows")


@pytest.mark.parametrize(
    ("faults", "requests"),
    [
        ({}, ["PUT"]),
        ({"can_match": False}, ["PUT", "DELETE", "PUT"]),
    ],
)
def test_an_unfinished_object_is_replaced_on_any_server(
    answers: S3Answers, faults: dict[str, Any], requests: list[str]
) -> None:
    store = open_s3()
    store.write_file(f"{BASE}.keys", b"rows")
    store.allow_replacement(BASE)
    vars(answers).update(faults)
    done = len(answers.requests) + 1  # the first PUT finds the object
    store.write_file(f"{BASE}.keys", b"other rows")
    assert [*answers.objects.values()] == [b"other rows"]
    # The client asks again after a 501.
    found = groupby(each.split()[0] for each in answers.requests[done:])
    assert [method for method, _ in found] == requests


def test_the_condition_is_tried_once_in_a_process(answers: S3Answers) -> None:
    store = open_s3()
    store.write_file("a", b"rows")
    store.write_file("b", b"rows")
    assert answers.requests == [f"PUT /audit/years/{name}" for name in "aab"]


def test_a_lost_answer_is_no_other_database(answers: S3Answers) -> None:
    """The object was written, and the client asks again."""
    answers.lost = 2
    store = open_s3()
    store.write_file("day", b"rows")
    assert store.read_file("day") == b"rows"


@pytest.mark.parametrize("name", ["years/changes/../day", "years/changes//day"])
def test_a_planted_name_is_named(answers: S3Answers, name: str) -> None:
    answers.odd_names = (name,)
    with pytest.raises(VerificationException, match="odd name") as failure:
        open_s3().list_manifests(LogName.CHANGES)
    assert name in str(failure.value)
    assert "\n" not in str(failure.value)
