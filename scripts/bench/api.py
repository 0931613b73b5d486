"""Addresses of the products in the compared applications: ours, and PocketBase's."""

from dataclasses import dataclass

from tests.accounts import root_header
from tests.databases import make_settings

# Of a token, which its server refuses if it is valid for longer than its setting.
MINUTES = 60


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


def own_api() -> Api:
    """Return our API, with a new token of the superuser. The bare one ignores it.

    Servers accept it for an hour, which is the longest that settings allow.
    """
    settings = make_settings("sqlite:///", ACCESS_TOKEN_MINUTES=MINUTES)
    token = root_header(settings)["authorization"]
    return Api("/api/v1/products", token, 201, "limit={limit}&offset={offset}")
