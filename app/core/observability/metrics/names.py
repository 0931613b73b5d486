"""Names, kinds and help texts of all metrics. No label is an id, a path or a name.

Gauges are measured by each worker: the value of the scrape is the largest of those that
run, the smallest or their sum. Counters are their sum, also of workers that have ended.
"""

from enum import StrEnum
from typing import NamedTuple

PREFIX = "backoffice_"
REQUESTS = "http_server_request_duration_seconds"


class Kind(StrEnum):
    COUNTER = "counter"
    LARGEST = "livemax"
    SMALLEST = "livemin"
    SUM = "livesum"


class Metric(NamedTuple):
    kind: Kind
    help: str
    label: str = ""


VALUES = {
    "ready": Metric(Kind.SMALLEST, "1 if the worker can serve requests."),
    "writable": Metric(Kind.SMALLEST, "1 if the database accepts writes."),
    "database_connections_in_use": Metric(Kind.SUM, "Connections taken from pools."),
    "database_checkouts_total": Metric(
        Kind.COUNTER, "How often a connection was taken."
    ),
    "database_wait_seconds_total": Metric(
        Kind.COUNTER, "Time that sessions have waited for a connection."
    ),
    "replica_lag_seconds": Metric(
        Kind.LARGEST, "Age of the replica's state; infinite while it is not read."
    ),
    "replica_reads_total": Metric(
        Kind.COUNTER, "Statements that the replica has executed."
    ),
    "feeds_open": Metric(Kind.SUM, "Open streams of the change feed."),
    "logins_throttled_total": Metric(
        Kind.COUNTER, "Password attempts that were refused with 429."
    ),
    "requests_limited_total": Metric(
        Kind.COUNTER, "Requests over a rate limit, refused with 429.", "limit"
    ),
    "unaudited_writes_refused_total": Metric(
        Kind.COUNTER, "Writes that were refused as the change log would lack them."
    ),
    "log_lines_lost_total": Metric(
        Kind.COUNTER, "Log lines that could not be written to standard output."
    ),
    "audit_accesses_lost_total": Metric(
        Kind.COUNTER, "Recorded requests that neither disk nor memory could keep."
    ),
    "audit_checkpoints_lost_total": Metric(
        Kind.COUNTER, "Checkpoints that could not be written to AUDIT_SEAL_FILE."
    ),
    "audit_spool_bytes": Metric(
        Kind.LARGEST, "Recorded requests on disk that are not in the database yet."
    ),
    "audit_spool_age_seconds": Metric(
        Kind.LARGEST, "Age of the oldest file of the spool."
    ),
    "audit_lines_set_aside": Metric(
        Kind.LARGEST, "Lines of the spool that the database does not accept."
    ),
    "audit_loader_lag_seconds": Metric(
        Kind.LARGEST, "Time since the worker has loaded all of its spool."
    ),
    "audit_unsealed_seconds": Metric(
        Kind.LARGEST,
        "Age of the oldest unsealed row, or of the last sealing.",
    ),
    "audit_seal_age_seconds": Metric(
        Kind.SMALLEST, "Time since the newest seal of each log.", "log"
    ),
    "audit_archive_age_seconds": Metric(
        Kind.SMALLEST, "Time since the newest archive file of each log.", "log"
    ),
    "audit_archive_unfinished_files": Metric(
        Kind.LARGEST, "Archive files that no run has completed yet.", "log"
    ),
    "audit_rewritten": Metric(
        Kind.LARGEST, "1 if a log no longer has a checkpoint that the worker has seen."
    ),
}
HISTOGRAMS = {
    REQUESTS: "Time until the response begins, by route, method and status.",
}


def all_names() -> set[str]:
    return {PREFIX + name for name in VALUES} | set(HISTOGRAMS)
