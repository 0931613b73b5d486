"""Routes that each collection has beyond its five, and their order."""

from collections.abc import Collection

from fastapi import APIRouter

from app.audit.history.routers import add_history
from app.collections.batch.routers import add_batch
from app.collections.bulk.routers import add_bulk
from app.collections.files.exports.routers import add_exports
from app.collections.files.imports.routers import add_import
from app.collections.lists.routers import extend_lists
from app.collections.stats.routers import add_stats
from app.core.web.collections.order import put_records_last


def add_routes(
    domains: Collection[APIRouter], collections: Collection[APIRouter]
) -> None:
    """Add them, once; what changes the list comes before what extends its result.

    The collections include the domains, which have more routes than the others.
    """
    for domain in domains:
        add_bulk(domain)
        add_import(domain)
    for router in collections:
        add_history(router)
        add_batch(router)
        add_stats(router)
    add_exports(collections)
    extend_lists(collections)
    for router in collections:
        put_records_last(router)
