"""Strict decoding of the base64 and the lines in notes, keys and checkpoints."""

import binascii
from base64 import b64decode, b64encode

from app.audit.archive.tree.exceptions import ProofException


def encode_base64(data: bytes) -> str:
    return b64encode(data).decode()


def decode_base64(text: str) -> bytes:
    """Accept the one canonical spelling (RFC 4648, section 4), without white space."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ProofException("Invalid base64") from None
    if encode_base64(data) != text:
        raise ProofException("Base64 is not canonical")
    return data


def check_name(name: str) -> str:
    """Accept the names that signed notes allow for keys: no white space, no plus."""
    unsafe = any(each.isspace() or each < " " or each == "+" for each in name)
    if not name or unsafe or not is_unicode(name):
        raise ProofException(f"Invalid key name: {name!a}")
    return name


def is_unicode(text: str) -> bool:
    """Return whether the text has no surrogate, so that UTF-8 can encode it."""
    return not any("\ud800" <= each <= "\udfff" for each in text)
