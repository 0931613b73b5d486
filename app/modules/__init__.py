"""Routers of all domains. To add a domain, add an import and an item here."""

from app.modules.customers.routers import router as customers
from app.modules.products.routers import router as products
from app.modules.tasks.routers import router as tasks

ROUTERS = (
    products,
    customers,
    tasks,
)
