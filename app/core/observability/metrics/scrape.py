"""The address at which Prometheus asks for the metrics of all workers.

A thread of the parent process serves it from files that the workers write: a scrape
needs no worker, and takes no time of one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.core.startup.addresses import split_address

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # of the environment; the workers inherit it


def make_metrics(address: str) -> Any:
    """Return the metrics of this process, or None: only `python -m app` has any."""
    if not address or FOLDER not in os.environ:
        return None
    from app.core.observability.metrics.registry import Metrics  # noqa: PLC0415

    return Metrics()


@contextmanager
def serving_metrics(address: str) -> Iterator[None]:
    """Serve `/metrics` until the block exits; do nothing without an address."""
    if not address:
        yield
        return
    with TemporaryDirectory(prefix="metrics-") as folder:
        os.environ[FOLDER] = folder
        # The library decides as it is imported whether it writes files.
        from app.core.observability.metrics.collector import serving  # noqa: PLC0415

        with serving(*split_address(address), Path(folder)):
            yield
