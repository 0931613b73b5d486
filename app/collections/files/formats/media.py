"""The two formats of files, and their media types."""

from enum import StrEnum


class FileFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


MEDIA_TYPES = {FileFormat.CSV: "text/csv", FileFormat.JSONL: "application/jsonl"}
# Several names of JSON lines are in use; none of them is registered.
ACCEPTED = {
    "text/csv": FileFormat.CSV,
    "application/jsonl": FileFormat.JSONL,
    "application/x-ndjson": FileFormat.JSONL,
    "application/jsonlines": FileFormat.JSONL,
}
