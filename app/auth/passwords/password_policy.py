"""Password policy: length, no control characters, not common, not a name."""

import unicodedata
from functools import cache
from pathlib import Path

from app.core.exceptions import ValidationFailedException

COMMON_PASSWORDS = Path(__file__).with_name("common_passwords.txt")
PRODUCT_NAME = "backoffice"
PASSWORD_MAX_LENGTH = 128


def normalize_password(password: str) -> str:
    """Return the password in NFC, the form in which it is hashed."""
    return unicodedata.normalize("NFC", password)


def check_password(
    password: str, email: str, min_length: int, field: str = "password"
) -> None:
    """Check a new password, sent in the body's `field`.

    Raises:
        ValidationFailedException: states the reason, never the password.
    """
    if not min_length <= len(password) <= PASSWORD_MAX_LENGTH:
        length = f"{min_length} to {PASSWORD_MAX_LENGTH}"
        raise password_error(field, f"The password must have {length} characters")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in password):
        raise password_error(field, "The password must not contain control characters")
    if password.casefold() in common_passwords():
        raise password_error(field, "The password is too common: choose another")
    local_part = letters_only(email.partition("@")[0])
    names = {letters_only(email), local_part, PRODUCT_NAME} - {""}
    if letters_only(password) in names:
        raise password_error(
            field, "The password must not be the e-mail address or product name"
        )


@cache
def common_passwords() -> frozenset[str]:
    return frozenset(COMMON_PASSWORDS.read_text(encoding="utf-8").split())


def letters_only(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalpha())


def password_error(field: str, reason: str) -> ValidationFailedException:
    error = {"loc": ("body", field), "type": "password_weak", "msg": reason}
    return ValidationFailedException([error])
