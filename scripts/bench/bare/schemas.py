"""Request and response schemas in plain Pydantic."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Sku = Annotated[str, Field(pattern=r"^[A-Z0-9-]{3,40}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Description = Annotated[str, Field(max_length=2000)]
Price = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
Stock = Annotated[int, Field(ge=0)]


class ProductCreate(BaseModel):
    sku: Sku
    name: Name
    description: Description = ""
    price: Price
    stock: Stock = 0
    is_active: bool = True


class ProductUpdate(BaseModel):
    sku: Sku | None = None
    name: Name | None = None
    description: Description | None = None
    price: Price | None = None
    stock: Stock | None = None
    is_active: bool | None = None


class ProductRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
    sku: str
    name: str
    description: str
    price: Decimal
    stock: int
    is_active: bool


class ProductPage(BaseModel):
    items: list[ProductRead]
    total: int
    limit: int
    offset: int
