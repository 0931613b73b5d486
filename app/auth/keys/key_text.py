"""API keys as text: `bo_<prefix>_<secret>_<checksum>`, in base 62.

With the checksum, a mistyped key is refused without a query, and a scanner can tell a
leaked key from other text. It protects nothing: only the hash of a key is looked up.
"""

import re
from hashlib import sha256
from secrets import choice
from string import ascii_letters, digits
from zlib import crc32

ALPHABET = digits + ascii_letters
PREFIX_LENGTH, SECRET_LENGTH, CHECKSUM_LENGTH = 8, 43, 6  # 43 digits have 256 bits
SCHEME = "bo_"
PARTS = (PREFIX_LENGTH, SECRET_LENGTH, CHECKSUM_LENGTH)
PATTERN = re.compile(SCHEME + "_".join(f"[0-9A-Za-z]{{{it}}}" for it in PARTS))


def new_key() -> str:
    body = f"{SCHEME}{random_text(PREFIX_LENGTH)}_{random_text(SECRET_LENGTH)}"
    return f"{body}_{checksum(body)}"


def random_text(length: int) -> str:
    return "".join(choice(ALPHABET) for _ in range(length))


def checksum(body: str) -> str:
    rest, text = crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(ALPHABET))
        text = ALPHABET[digit] + text
    return text


def is_well_formed(key: str) -> bool:
    body, _, found = key.rpartition("_")
    return PATTERN.fullmatch(key) is not None and checksum(body) == found


def prefix_of(key: str) -> str:
    """Return the part by which users recognise a key; it is no secret."""
    return key.removeprefix(SCHEME)[:PREFIX_LENGTH]


def hash_of(key: str) -> str:
    return sha256(key.encode()).hexdigest()
