"""Validation of the signing key and the witness of the audit log in the settings."""

import binascii
import re
from base64 import b64decode
from contextlib import suppress
from hashlib import sha256

from pydantic import SecretStr

SEED_LENGTH = 32
WITNESS_KEY = r"([^+\s]{1,100})\+([0-9a-f]{8})\+(B[A-P][A-Za-z0-9+/]{42})"
WITNESS = re.compile(rf"{WITNESS_KEY} https?://[^\s?#]+")


def check_signing_key(key: SecretStr) -> SecretStr:
    """Reject what is neither empty nor base64 of an Ed25519 seed."""
    try:
        length = len(b64decode(key.get_secret_value(), validate=True))
    except (binascii.Error, ValueError):
        length = -1
    if length not in (0, SEED_LENGTH):
        raise ValueError(f"must be {SEED_LENGTH} random bytes in base64, or empty")
    return key


def check_witness(text: str) -> str:
    """Reject what is neither empty nor a verifier key and a URL.

    The hash in the key covers its name and its public key.
    """
    if found := WITNESS.fullmatch(text):
        name, key_hash, encoded = found.groups()
        with suppress(binascii.Error):
            data = name.encode() + b"\n" + b64decode(encoded, validate=True)
            if sha256(data).hexdigest().startswith(key_hash):
                return text
    if text:
        raise ValueError("must be the public key of a witness, a space, and its URL")
    return text
