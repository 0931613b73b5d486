"""Order of a collection's routes: those of the collection before those of a record.

A route such as /products/{product_id} matches /products/stats, too: also for a method
that only the record has.
"""

import re
from collections import Counter

from fastapi import APIRouter

from app.core.web.routing import Route


def put_records_last(router: APIRouter) -> None:
    """Order the routes so that each can be reached.

    Raises:
        RuntimeError: two routes have the same path and method, so that the second
            would never be called: a domain's own route and one that each has.
    """
    routes = [route for route in router.routes if isinstance(route, Route)]
    ways = Counter((method, r.path) for r in routes for method in r.methods or ())
    if twice := [f"{method} {path}" for (method, path), n in ways.items() if n > 1]:
        raise RuntimeError(f"Two routes answer {', '.join(twice)}: rename your own")
    record = f"{router.prefix}/{{"
    router.routes.sort(key=lambda route: getattr(route, "path", "").startswith(record))
    others = [r.path for r in routes if not r.path.startswith(record)]
    names = [*filter(None, (path.removeprefix(router.prefix) for path in others))]
    for route in routes:
        if names and route.path.startswith(record):
            exclude(route, names, router.prefix)


def exclude(route: Route, names: list[str], prefix: str) -> None:
    """Let the route of a record not match paths such as /stats after the prefix."""
    taken = "|".join(map(re.escape, names))
    start = f"^{re.escape(prefix)}"
    rest = route.path_regex.pattern.removeprefix(start)
    route.path_regex = re.compile(f"{start}(?!(?:{taken})(?:/|$)){rest}")
