"""Request and response schemas of password links."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.auth.sessions.schemas import Password
from app.core.schemas import Body


class PasswordLinkRead(BaseModel):
    """The only response with the link."""

    url: str = Field(description="Page on which the user sets a password, once")
    expires_at: datetime


class PasswordFromLink(Body):
    token: Annotated[
        str,
        Field(max_length=200, description="What follows # in the link", examples=["…"]),
    ]
    new_password: Password
