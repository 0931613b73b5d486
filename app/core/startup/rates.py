"""Rate limits in the settings, such as 600/60: requests, and seconds."""

import re
from typing import Annotated, NamedTuple

from pydantic import PlainValidator
from pydantic_settings import NoDecode

SHAPE = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,5})")
LONGEST = 86_400  # seconds
WRONG = f"must be REQUESTS/SECONDS, such as 600/60, with at most {LONGEST} seconds"


class Rate(NamedTuple):
    quota: int
    window: int  # seconds


def parse_rate(value: object) -> Rate | None:
    """Return the limit, or None for an empty text: there is none."""
    if isinstance(value, Rate):
        return value
    if value is None or value == "":
        return None
    shape = SHAPE.fullmatch(value) if isinstance(value, str) else None
    if shape is None or int(shape[2]) > LONGEST:
        raise ValueError(WRONG)
    return Rate(int(shape[1]), int(shape[2]))


# NoDecode: the environment has this text, no JSON.
RateLimit = Annotated[Rate | None, NoDecode, PlainValidator(parse_rate)]
