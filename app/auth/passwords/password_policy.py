"""Which passwords are good enough: long ones that are not everybody's first idea."""

import unicodedata
from functools import cache
from pathlib import Path

from app.core.exceptions import ValidationFailedException

COMMON = Path(__file__).with_name("common_passwords.txt")
PRODUCT = "backoffice"
LONGEST_PASSWORD = 128


def normalised(password: str) -> str:
    """Return the password as it is hashed: composed, and otherwise untouched."""
    return unicodedata.normalize("NFC", password)


def check_password(
    password: str, email: str, shortest: int, field: str = "password"
) -> None:
    """Refuse a new password, sent as `field`, that is too short or easily guessed.

    Raises:
        ValidationFailedException: saying why, but not what.
    """
    if not shortest <= len(password) <= LONGEST_PASSWORD:
        length = f"{shortest} to {LONGEST_PASSWORD}"
        raise refused(field, f"A password has {length} characters")
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in password):
        raise refused(field, "A password has no control characters")
    if password.casefold() in common_passwords():
        raise refused(field, "This password is among the most common ones")
    names = {letters(email), letters(email.partition("@")[0]), PRODUCT} - {""}
    if letters(password) in names:
        raise refused(field, "A password must not be made of a name")


@cache
def common_passwords() -> frozenset[str]:
    return frozenset(COMMON.read_text(encoding="utf-8").split())


def letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalpha())


def refused(field: str, reason: str) -> ValidationFailedException:
    error = {"loc": ("body", field), "type": "password_weak", "msg": reason}
    return ValidationFailedException([error])
