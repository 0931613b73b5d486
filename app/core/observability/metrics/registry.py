"""The metrics of this worker, written to files that the scrape of the parent reads.

Import this module only if metrics are on: the library chooses the files as it is
imported.
"""

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.core.observability.metrics.names import (
    HISTOGRAMS,
    PREFIX,
    REQUESTS,
    VALUES,
    Kind,
)

Value = float | Mapping[str, float]  # the latter by the value of the label
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Histograms of requests and pools, and values that are sampled."""

    def __init__(self) -> None:
        # The scrape reads the files, so nothing is registered here.
        own = CollectorRegistry()
        labels = ("method", "route", "status")
        text = HISTOGRAMS[REQUESTS]
        self.requests = Histogram(REQUESTS, text, labels, buckets=BUCKETS, registry=own)
        self.values = {name: make_metric(name, own) for name in VALUES}
        self.last: dict[tuple[str, str], float] = {}

    def sample(self, readers: Mapping[str, Callable[[], Value]]) -> None:
        for name, read in readers.items():
            self.set_value(name, read())

    def set_value(self, name: str, value: Value) -> None:
        if isinstance(value, Mapping):
            for label, each in value.items():
                self.set_one(name, label, each)
        else:
            self.set_one(name, "", value)

    def set_one(self, name: str, label: str, value: float) -> None:
        metric = self.values[name]
        metric = metric.labels(label) if label else metric
        if VALUES[name].kind is Kind.COUNTER:
            metric.inc(value - self.last.get((name, label), 0))
            self.last[name, label] = value
        else:
            metric.set(value)


def make_metric(name: str, registry: CollectorRegistry) -> Any:
    metric = VALUES[name]
    options: Any = {"registry": registry, "labelnames": filter(None, [metric.label])}
    if metric.kind is Kind.COUNTER:
        return Counter(PREFIX + name, metric.help, **options)
    mode: Any = metric.kind.value
    return Gauge(PREFIX + name, metric.help, multiprocess_mode=mode, **options)
