"""Measurement in rounds. The servers take turns, so that noise is shared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf

import httpx
import uvloop

from scripts.bench.drive import Load, Outcome, drive
from scripts.bench.operations import Kind, operations_of
from scripts.bench.servers import TIMEOUT, Server

PAGE_SIZE = 200
WARM_UP = 0.3  # fraction of a round


@dataclass(frozen=True)
class Sample:
    """Measurement of one server in one round."""

    requests_per_second: float
    cpu_microseconds: float  # of the server's processes, per request
    p99_milliseconds: float


class Subject:
    """Server under test, filled with rows, and its streams of requests."""

    def __init__(self, server: Server, rows: int) -> None:
        self.server = server
        self.operations = operations_of(server.api)
        self.create_rows(rows)
        ids = list(self.read_ids(rows))
        self.streams = {kind: op.stream(ids) for kind, op in self.operations.items()}

    def create_rows(self, count: int) -> None:
        operation = self.operations[Kind.POST]
        requests = islice(operation.stream([]), count)
        self.drive(Load(requests, operation.status, inf))

    def read_ids(self, count: int) -> Iterator[str]:
        api = self.server.api
        header = {"Authorization": api.token}
        for start in range(0, count, PAGE_SIZE):
            path = api.page_path(PAGE_SIZE, start // PAGE_SIZE + 1)
            url = f"http://127.0.0.1:{self.server.port}{path}"
            page = httpx.get(url, headers=header, timeout=TIMEOUT)
            page.raise_for_status()
            yield from (item["id"] for item in page.json()["items"])

    def sample(self, kind: Kind, seconds: float) -> Sample:
        load = Load(self.streams[kind], self.operations[kind].status, seconds)
        before = self.server.cpu_seconds()
        answered, elapsed, latencies = self.drive(load)
        spent = self.server.cpu_since(before)
        p99 = sorted(latencies)[answered * 99 // 100] * 1000
        return Sample(answered / elapsed, spent / answered * 1e6, p99)

    def drive(self, load: Load) -> Outcome:
        return uvloop.run(drive(self.server.address, load))


def measure(
    subjects: Sequence[Subject], kind: Kind, rounds: int, seconds: float
) -> Mapping[str, Sequence[Sample]]:
    """Return the samples of each server by its name, in the order of the rounds."""
    for subject in subjects:
        subject.sample(kind, seconds * WARM_UP)
    taken = [
        [subject.sample(kind, seconds) for subject in subjects] for _ in range(rounds)
    ]
    by_subject = zip(*taken, strict=True)
    return {s.server.name: row for s, row in zip(subjects, by_subject, strict=True)}
