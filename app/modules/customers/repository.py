"""Queries on customers."""

from app.core.repository import BaseRepository
from app.modules.customers.models import Customer


class CustomerRepository(BaseRepository[Customer]):
    model = Customer
