"""Entity tags and preconditions (RFC 9110, section 13) on the version of a row."""

import re
from dataclasses import dataclass

from app.core.exceptions import BadRequestException, PreconditionFailedException

TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
TAGS = re.compile(rf"\*|{TAG}(?:\s*,\s*{TAG})*")


def format_etag(version: int) -> str:
    return f'"{version}"'


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
            # If-Match compares strongly: a weak tag matches nothing.
            wanted = parse_tags(self.if_match, "If-Match")
            if wanted.isdisjoint({"*", format_etag(version)}):
                raise PreconditionFailedException(
                    "The record has changed since it was read"
                )
        if self.holds(version):
            raise PreconditionFailedException(
                "The record has not changed since it was read"
            )

    def holds(self, version: int) -> bool:
        """Return whether If-None-Match names this version, compared weakly."""
        if self.if_none_match is None:
            return False
        tags = parse_tags(self.if_none_match, "If-None-Match")
        held = {tag.removeprefix("W/") for tag in tags}
        return not held.isdisjoint({"*", format_etag(version)})


UNCONDITIONAL = Preconditions()


def parse_tags(header: str, name: str) -> set[str]:
    if not TAGS.fullmatch(header.strip()):
        raise BadRequestException(f"{name} must be * or a list of entity tags")
    return set(re.findall(rf"{TAG}|\*", header))
