"""Routes that each collection has, with no line in its slice."""

from collections.abc import Iterable

from fastapi import APIRouter

from app.audit.history.routers import add_history
from app.collections.bulk.routers import add_bulk
from app.core.web.collections.order import put_records_last


def add_routes(domains: Iterable[APIRouter], collections: Iterable[APIRouter]) -> None:
    """Add routes to the collections, of which the domains have more."""
    for domain in domains:
        add_bulk(domain)
    for collection in collections:
        add_history(collection)
        put_records_last(collection)
