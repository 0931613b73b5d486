"""The product table."""

from decimal import Decimal
from typing import ClassVar

from sqlmodel import Field

from app.core.db.column_types import Money
from app.core.models import Entity


class Product(Entity, table=True):
    searched: ClassVar = ("sku", "name", "description")
    collated: ClassVar = ("name",)

    sku: str = Field(max_length=40, unique=True)
    name: str = Field(max_length=200)
    description: str = Field(default="", max_length=2000)
    price: Decimal = Field(sa_type=Money, index=True)
    stock: int = 0
    is_active: bool = True
