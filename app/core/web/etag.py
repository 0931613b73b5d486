"""ETag, If-Match and If-None-Match (RFC 9110, section 13), for a row's version."""

import re

from app.core.context import current_context
from app.core.exceptions import BadRequestException, PreconditionFailedException

TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
TAGS = re.compile(rf"\*|{TAG}(?:\s*,\s*{TAG})*")


def etag(version: int) -> str:
    return f'"{version}"'


def require_match(version: int) -> None:
    """Refuse to go on if the client has seen another version than this one.

    Raises:
        BadRequestException: If-Match is no list of entity tags.
        PreconditionFailedException: the version is not among them.
    """
    wanted = current_context().if_match
    current = {"*", etag(version)}
    if wanted is not None and tags(wanted, "If-Match").isdisjoint(current):
        raise PreconditionFailedException("The record has changed since you read it")
    if is_known(version):
        raise PreconditionFailedException("The record is the one that you have")


def is_known(version: int) -> bool:
    """Tell whether the client says that it holds this very version."""
    held = current_context().if_none_match
    if held is None:
        return False
    # A read may compare weakly: W/"1" and "1" show the same record.
    known = {tag.removeprefix("W/") for tag in tags(held, "If-None-Match")}
    return not known.isdisjoint({"*", etag(version)})


def tags(header: str, name: str) -> set[str]:
    if not TAGS.fullmatch(header.strip()):
        raise BadRequestException(f"{name} must be * or a list of entity tags")
    return set(re.findall(rf"{TAG}|\*", header))
