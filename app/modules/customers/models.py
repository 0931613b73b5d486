"""The customer table."""

from typing import Any, ClassVar

from sqlalchemy.orm import validates
from sqlmodel import Field

from app.core.db.personal.erased import CONTACT, NAME
from app.core.models import Entity
from app.core.text import email_key


class Customer(Entity, table=True):
    searched: ClassVar = ("name", "email", "company", "notes")
    collated: ClassVar = ("name", "email")
    personal: ClassVar = CONTACT | {"name": NAME, "phone": None, "notes": ""}

    name: str = Field(max_length=200)
    email: str = Field(max_length=254)
    email_key: str = Field(max_length=255, unique=True)
    phone: str | None = Field(default=None, max_length=16)
    company: str | None = Field(default=None, max_length=200, index=True)
    notes: str = Field(default="", max_length=2000)
    is_active: bool = True

    @validates("email")
    def set_email_key(self, _: str, email: Any) -> Any:
        """Derive the key that all spellings of one address share."""
        self.email_key = email_key(email)
        return email
