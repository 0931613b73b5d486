"""Values that the erasure of a person leaves in the columns of the record.

`{id}` is the record's id, which keeps unique columns unique.
"""

from typing import Any
from uuid import UUID

NAME = "Erased {id}"
# No mail can be delivered to .invalid (RFC 2606).
EMAIL = "erased-{id}@erased.invalid"
CONTACT: dict[str, str | None] = {"email": EMAIL, "email_key": EMAIL}


def erased_value(rule: str | None, id: UUID) -> str | None:
    return rule and rule.replace("{id}", str(id))


def is_erased(value: str, rule: str | None, id: UUID) -> bool:
    """Return whether an erasure has left the value."""
    # Most values differ in their beginnings, so there is nothing to compute.
    begins = rule is not None and value[:1] == rule[:1]
    return begins and value == erased_value(rule, id)


def erased_values(model: Any, id: UUID) -> dict[str, str | None]:
    """Return the values of the personal columns of an erased record."""
    return {name: erased_value(rule, id) for name, rule in model.personal.items()}
