"""The routes that each collection has beyond its five."""

from collections.abc import Sequence

from fastapi import APIRouter

from app.audit.history.routers import add_history
from app.collections.files.exports.routers import add_export
from app.collections.files.imports.routers import add_import
from app.core.web.collections.order import put_records_last


def add_routes(domains: Sequence[APIRouter], collections: Sequence[APIRouter]) -> None:
    """Add the routes to guarded routers; those that write many are for domains only."""
    for router in collections:
        add_history(router)
        add_export(router)
    for router in domains:
        add_import(router)
    for router in collections:
        put_records_last(router)
