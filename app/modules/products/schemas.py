"""Request and response schemas of products."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.core.field_types.query_values import CommaSeparated
from app.core.fields import INT32, Amount, Count, QueryBool, ShortText
from app.core.pagination import PageQuery
from app.core.schemas import Body, Read, optional

Sku = Annotated[
    str, StringConstraints(pattern=r"^[A-Z0-9-]{3,40}$"), Field(examples=["PEN-001"])
]
Name = Annotated[ShortText, Field(examples=["Fountain pen"])]
Description = Annotated[
    str, StringConstraints(max_length=2000), Field(examples=["Black, medium nib"])
]
Sort = Literal[
    "name", "-name", "price", "-price", "stock", "-stock", "created_at", "-created_at"
]


class ProductCreate(Body):
    sku: Sku
    name: Name
    description: Description = ""
    price: Amount
    stock: Count = 0
    is_active: bool = True


class ProductUpdate(Body):
    sku: Sku = optional()
    name: Name = optional()
    description: Description = optional()
    price: Amount = optional()
    stock: Count = optional()
    is_active: bool = optional()


class StockChange(Body):
    delta: Annotated[int, Field(ge=-INT32, le=INT32, examples=[-3])]


class ProductRead(Read):
    sku: str
    name: str
    description: str
    price: Decimal
    stock: int
    is_active: bool


class ProductQuery(PageQuery):
    sort: CommaSeparated[Sort] = ()
    is_active: QueryBool | None = None
    min_price: Amount | None = Field(None, description="At least this price.")
    max_price: Amount | None = Field(None, description="At most this price.")
    in_stock: QueryBool | None = Field(None, description="With a stock above 0.")
