"""Location of the audit archive: a folder, or a bucket and a prefix of objects."""

import re
from dataclasses import dataclass

SCHEMES = ("s3", "gs", "az")
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
EXAMPLE = "s3://bucket or s3://bucket/prefix"


@dataclass(frozen=True)
class BucketLocation:
    """A bucket. The prefix is literal text, not an URL's: it may have any letters."""

    scheme: str
    bucket: str
    prefix: str


def parse_location(text: str) -> BucketLocation | None:
    """Return the bucket that this text names, or None if it names a folder.

    Raises:
        ValueError: it names neither.
    """
    scheme, mark, rest = text.partition("://")
    if not mark:
        return None
    if scheme not in SCHEMES:
        known = ", ".join(f"{each}://" for each in SCHEMES)
        raise ValueError(f"{scheme}:// is no kind of archive: use a folder, or {known}")
    bucket, _, prefix = rest.partition("/")
    prefix = prefix.removesuffix("/")
    if not BUCKET.fullmatch(bucket):
        raise ValueError(f"not the name of a bucket: use {EXAMPLE}, without a password")
    parts = prefix.split("/") if prefix else []
    if not prefix.isprintable() or {"", ".", ".."}.intersection(parts):
        raise ValueError(f"the prefix has an empty or relative part: use {EXAMPLE}")
    return BucketLocation(scheme, bucket, prefix)


def check_archive_location(text: str) -> str:
    parse_location(text)
    return text
