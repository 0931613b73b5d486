"""Addresses of the products in the compared applications: ours, and PocketBase's."""

from dataclasses import dataclass
from functools import cache

from tests.accounts import root_header
from tests.databases import make_settings

# Of the token: a benchmark may take longer than the hour that settings allow.
A_DAY = {"ACCESS_TOKEN_MINUTES": 24 * 60}


@dataclass(frozen=True)
class Api:
    """The path of the products, and what differs in requests and responses.

    `page` is the query of one page, with the fields `limit` and `offset`, or `number`,
    which counts from 1.
    """

    path: str
    token: str
    created: int  # status
    page: str
    headers: str = ""  # of each request, in lines that end

    def page_path(self, limit: int, number: int = 1) -> str:
        offset = limit * (number - 1)
        query = self.page.format(limit=limit, offset=offset, number=number)
        return f"{self.path}?{query}"


@cache
def own_api() -> Api:
    """Return our API, as the superuser. The bare application ignores the token."""
    settings = make_settings("sqlite:///").model_copy(update=A_DAY)
    token = root_header(settings)["authorization"]
    return Api("/api/v1/products", token, 201, "limit={limit}&offset={offset}")
