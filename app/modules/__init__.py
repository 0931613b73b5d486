"""The domains of this application. To add one, add its two lines here."""

from app.modules.customers.routers import router as customers
from app.modules.products.routers import router as products
from app.modules.tasks.routers import router as tasks

ROUTERS = (
    products,
    customers,
    tasks,
)
