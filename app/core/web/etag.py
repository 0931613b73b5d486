"""Entity tags and preconditions (RFC 9110, section 13) on the version of a row."""

import re
from dataclasses import dataclass
from hashlib import sha256

from app.core.exceptions import BadRequestException, PreconditionFailedException

TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
TAGS = re.compile(rf"\*|{TAG}(?:\s*,\s*{TAG})*")

# A proxy that compresses a response makes its tag weak (nginx), or appends a suffix
# (Apache). The tag names the version of the row, which is the same in each encoding, so
# If-Match accepts both, although RFC 9110 compares weak tags as different there.
NAME = re.compile(r'(?:W/)?"(.*?)(?:--?(?:gzip|br|deflate|zstd))?"')


def format_etag(version: int) -> str:
    return f'"{version}"'


def hash_etag(body: bytes) -> str:
    """Return the tag of a response made of several records, which have no version."""
    return f'"{sha256(body).hexdigest()[:32]}"'


@dataclass(frozen=True, slots=True)
class Preconditions:
    """The conditional headers of a request as sent; None if absent."""

    if_match: str | None = None
    if_none_match: str | None = None

    def check(self, version: int) -> None:
        """Reject a write unless the record's version meets the conditions.

        Raises:
            BadRequestException: a header is not a list of entity tags.
            PreconditionFailedException: the version does not meet the conditions.
        """
        if self.if_match is not None:
            wanted = parse_tags(self.if_match, "If-Match")
            if wanted.isdisjoint({"*", format_etag(version)}):
                raise PreconditionFailedException(
                    "The record has changed since it was read"
                )
        if self.holds(version):
            raise PreconditionFailedException(
                "The record has not changed since it was read"
            )

    def require_none(self, instead: str) -> None:
        """Reject conditions on a request for many records; tell what to send instead.

        Raises:
            BadRequestException: there is a conditional header.
        """
        if self != UNCONDITIONAL:
            raise BadRequestException(instead)

    def holds(self, version: int) -> bool:
        """Return whether If-None-Match names this version."""
        return self.names(format_etag(version))

    def names(self, tag: str) -> bool:
        """Return whether If-None-Match names this tag."""
        if self.if_none_match is None:
            return False
        held = parse_tags(self.if_none_match, "If-None-Match")
        return not held.isdisjoint({"*", tag})


UNCONDITIONAL = Preconditions()


def parse_tags(header: str, name: str) -> set[str]:
    """Return the tags as the application sent them, or `*`."""
    if not TAGS.fullmatch(header.strip()):
        raise BadRequestException(f"{name} must be * or a list of entity tags")
    return {NAME.sub(r'"\1"', tag) for tag in re.findall(rf"{TAG}|\*", header)}
