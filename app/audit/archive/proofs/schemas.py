"""Query parameters and responses of the proof endpoints."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from app.audit.archive.logs import LogName
from app.core.fields import parse_int
from app.core.schemas import Strict

MAX_SIZE = 2**53 - 1  # integers that every JSON parser keeps exactly
# Bounds placed after a validator would be missing from the OpenAPI schema.
Size = Annotated[int, Field(ge=0, le=MAX_SIZE), BeforeValidator(parse_int)]
HASHES = "SHA-256 hashes as base64, in the order of RFC 9162."


class InclusionRead(BaseModel):
    """Proof that an entry is in the log: RFC 9162, section 2.1.3."""

    leaf: str = Field(description="The bytes that are hashed, as base64.")
    index: int
    size: int
    hashes: list[str] = Field(description=HASHES)
    checkpoint: str = Field(description="The signed note of the tree.")


class ConsistencyRead(BaseModel):
    """Proof that a log of `from` leaves grew to one of `to`: section 2.1.4."""

    from_: int = Field(serialization_alias="from")
    to: int
    hashes: list[str] = Field(description=HASHES)


class LogQuery(Strict):
    log: LogName = Field(LogName.CHANGES, strict=False, description="The log.")


class ConsistencyQuery(LogQuery):
    from_: Size = Field(0, alias="from", description="The size before.")
    to: Size | None = Field(None, description="The size after; by default the newest.")
