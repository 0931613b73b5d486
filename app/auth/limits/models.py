"""Table of the rate limits."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class RateLimitUse(SQLModel, table=True):
    """Requests of a user or API key in one window, as far as processes reported them.

    Not an Entity: requests would fill the change log. `ends_at` is the end of the
    window, in seconds since 1970.
    """

    __tablename__ = "rate_limit_use"

    subject: str = Field(primary_key=True, max_length=60)
    ends_at: int = Field(sa_type=BigInteger)
    used: int = Field(sa_type=BigInteger)
