"""The collector of all workers' files, and the server of a scrape."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import active_children
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Metric, multiprocess, start_http_server
from prometheus_client.registry import Collector

library: Any = multiprocess  # It has no annotations.


class WorkersCollector(Collector):
    """Counters of all workers, and gauges of those that run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = library.MultiProcessCollector(None, str(folder))

    def collect(self) -> Iterable[Metric]:
        for worker in dead_workers(self.folder):
            library.mark_process_dead(worker, str(self.folder))
        found: Iterable[Metric] = self.files.collect()
        return found


def dead_workers(folder: Path) -> set[int]:
    """Return the workers that have ended; another program may have their ids since."""
    found = {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_*.db")}
    return found - {os.getpid(), *(worker.pid for worker in active_children())}


@contextmanager
def serving(host: str, port: int, folder: Path) -> Iterator[None]:
    registry = CollectorRegistry()
    registry.register(WorkersCollector(folder))
    server, thread = start_http_server(port, host, registry)
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
