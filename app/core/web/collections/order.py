"""Order of a collection's routes: those of the collection before those of a record.

A route such as /products/{product_id} matches /products/stats, too.
"""

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
