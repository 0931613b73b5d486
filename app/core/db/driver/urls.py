"""Options of asyncpg for the parameters of a URL."""

from typing import Any
from urllib.parse import urlencode

from sqlalchemy import URL

from app.core.startup.database_urls import CONNECT_TIMEOUT, PASSED, REMOVED


def without_parameters(url: URL) -> URL:
    return url.difference_update_query(REMOVED)


def url_options(url: URL) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if passed := {name: url.query[name] for name in url.query.keys() & PASSED}:
        options["dsn"] = f"postgresql:///?{urlencode(passed)}"
    if seconds := url.query.get(CONNECT_TIMEOUT):
        options["timeout"] = float(str(seconds))
    return options
