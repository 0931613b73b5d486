"""Request and response schemas of customers."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.core.field_types.query_values import CommaSeparated
from app.core.fields import Email, QueryBool, ShortText
from app.core.pagination import PageQuery
from app.core.schemas import Body, Read, optional

Name = Annotated[ShortText, Field(examples=["Ada Lovelace"])]
Phone = Annotated[
    str,
    StringConstraints(pattern=r"^\+[1-9][0-9]{1,14}$"),
    Field(description="In E.164 format.", examples=["+442071838750"]),
]
Company = Annotated[ShortText, Field(examples=["Analytical Engines"])]
Notes = Annotated[
    str, StringConstraints(max_length=2000), Field(examples=["Prefers e-mail"])
]
Sort = Literal["name", "-name", "email", "-email", "created_at", "-created_at"]


class CustomerCreate(Body):
    name: Name
    email: Email
    phone: Phone | None = None
    company: Company | None = None
    notes: Notes = ""
    is_active: bool = True


class CustomerUpdate(Body):
    name: Name = optional()
    email: Email = optional()
    phone: Phone | None = None
    company: Company | None = None
    notes: Notes = optional()
    is_active: bool = optional()


class CustomerRead(Read):
    name: str
    email: str
    phone: str | None
    company: str | None
    notes: str
    is_active: bool


class CustomerQuery(PageQuery):
    sort: CommaSeparated[Sort] = ()
    is_active: QueryBool | None = None
    company: Company | None = Field(None, description="Exactly this company.")
