"""Example data: a stationer's shop, and numbered rows."""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import cycle, product
from uuid import UUID

from app.core.clock import now
from app.modules.customers.schemas import CustomerCreate
from app.modules.products.schemas import ProductCreate
from app.modules.tasks.models import Priority, Status
from app.modules.tasks.schemas import TaskCreate

MATERIALS = ("Oak", "Brass", "Linen", "Slate", "Copper", "Maple")
ARTICLES = {
    "Fountain pen": "34.50",
    "Notebook": "12.90",
    "Desk lamp": "89.00",
    "Letter opener": "18.25",
    "Paper tray": "27.40",
}
FIRST_NAMES = ("Ada", "Björn", "Chiara", "Dmitri", "Émile", "Fatima", "Grace", "Hiro")
LAST_NAMES = ("Lovelace", "Ångström", "Rossi", "Curie", "Okafor")
COMPANIES = ("Analytical Engines", "Nordlicht AB", "Studio Rossi", None)
ERRANDS = ("Send the offer", "Call back", "Check the delivery", "Write the invoice")

# Statuses given to the tasks in turn.
STATUSES = (
    Status.TODO,
    Status.IN_PROGRESS,
    Status.TODO,
    Status.DONE,
    Status.TODO,
    Status.CANCELLED,
)


# SKU of a numbered product, or e-mail address of a numbered customer (case-folded).
ROW = re.compile(r"ROW-([0-9]+)|row-([0-9]+)@.+")


def shop_products() -> Iterator[ProductCreate]:
    pairs = product(enumerate(MATERIALS, start=2), ARTICLES.items())
    for (worth, material), (article, price) in pairs:
        yield ProductCreate(
            sku=f"{material}-{article}".upper().replace(" ", "-"),
            name=f"{material} {article.lower()}",
            description=f"{article} in {material.lower()}, made to last.",
            price=Decimal(price) * worth / 2,
            stock=worth * len(article) % 40,
            is_active=material != MATERIALS[-1],
        )


def shop_customers() -> Iterator[CustomerCreate]:
    companies = cycle(COMPANIES)
    for number, (first, last) in enumerate(product(FIRST_NAMES, LAST_NAMES)):
        yield CustomerCreate(
            name=f"{first} {last}",
            email=f"{first}.{last}@example.com".lower(),
            phone=f"+44207183{8000 + number}",
            company=next(companies),
        )


def shop_tasks(customer_ids: list[UUID]) -> Iterator[TaskCreate]:
    errands, priorities = cycle(ERRANDS), cycle(Priority)
    for number, customer_id in enumerate(customer_ids):
        yield TaskCreate(
            title=next(errands),
            priority=next(priorities),
            due_at=now() + timedelta(days=number - 10) if number % 3 else None,
            customer_id=customer_id,
        )


def row_products(numbers: range) -> Iterator[ProductCreate]:
    for n in numbers:
        price = Decimal(n % 100_000) / 100
        yield ProductCreate(sku=f"ROW-{n}", name=f"Row {n}", price=price, stock=n % 50)


def row_customers(numbers: range) -> Iterator[CustomerCreate]:
    for n in numbers:
        yield CustomerCreate(name=f"Row {n}", email=f"row-{n}@example.com")


def row_number(name: str) -> int:
    """Return the number in a row's SKU or e-mail address, or 0 for other names."""
    match = ROW.fullmatch(name)
    return int(match[1] or match[2]) if match else 0
