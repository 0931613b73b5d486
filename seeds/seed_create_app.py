"""Fill the database with linked example data. Idempotent.

python seeds/seed_create_app.py             add the example data of a small shop
python seeds/seed_create_app.py --rows N    also add N numbered rows to each table

Uses the services, so that the data obeys their rules.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Annotated, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.core.startup.project_python import use_project_python

use_project_python()

import typer
from rich.console import Console
from rich.progress import Progress

from app.auth.users.first_superuser import add_first_superuser
from app.core.config import settings
from app.core.context import Context, new_context
from app.core.db.database import Database
from app.core.db.locks.process_lock import ProcessLock
from app.core.db.migrations import check_schema
from app.core.db.session import DatabaseSession
from app.core.exceptions import ValidationFailedException
from app.core.pagination import PageQuery
from app.core.text import email_key
from app.core.web.etag import UNCONDITIONAL
from app.main import open_database
from app.modules.customers.repository import CustomerRepository
from app.modules.customers.schemas import CustomerCreate
from app.modules.customers.service import CustomerService
from app.modules.products.repository import ProductRepository
from app.modules.products.schemas import ProductCreate
from app.modules.products.service import ProductService
from app.modules.tasks.models import Status
from app.modules.tasks.repository import TaskRepository
from app.modules.tasks.schemas import TaskUpdate
from app.modules.tasks.service import TaskService
from scripts.commands import exit_on_database_error, run_command
from seeds import data
from seeds.accounts import add_accounts

SEEDS = ProcessLock("seeds", 7_201_141)
WAITING = "Another process is seeding this database: waiting for its end"
BATCH = 500  # rows of each kind per transaction, so that other writers can proceed


class Seeder:
    """The services of one transaction."""

    def __init__(self, session: DatabaseSession) -> None:
        self.session = session
        self.products = ProductService(ProductRepository(session), UNCONDITIONAL)
        self.customers = CustomerService(CustomerRepository(session), UNCONDITIONAL)
        self.tasks = TaskService(TaskRepository(session), UNCONDITIONAL)

    async def fill_shop(self) -> dict[str, str] | None:
        """Add the example data and return passwords by e-mail; None if data exists."""
        services = (self.products, self.customers, self.tasks)
        if any([(await each.page(PageQuery(limit=1))).total for each in services]):
            return None
        accounts = await add_accounts(self.session)
        await self.add(data.shop_products(), data.shop_customers())
        return accounts

    async def add(
        self, products: Iterable[ProductCreate], customers: Iterable[CustomerCreate]
    ) -> None:
        """Add the products and customers, and a task for each customer."""
        await self.products.create_many(products)
        created = await self.customers.create_many(customers)
        tasks = data.shop_tasks([customer.id for customer in created])
        for number, task in enumerate(await self.tasks.create_many(tasks)):
            status = data.STATUSES[number % len(data.STATUSES)]
            if status is not Status.TODO:
                await self.tasks.update(task.id, TaskUpdate(status=status))

    async def add_rows(self, numbers: range) -> None:
        await self.add(data.row_products(numbers), data.row_customers(numbers))

    async def last_row_number(self) -> int:
        """Return the highest number of a row; lower ones may have been deleted."""
        highest = 0
        async for item in find_rows(self.products):
            highest = max(highest, data.row_number(item["sku"]))
        async for item in find_rows(self.customers):
            highest = max(highest, data.row_number(email_key(item["email"])))
        return highest


async def find_rows(service: ProductService | CustomerService) -> AsyncIterator[Any]:
    """Yield the candidates for numbered rows. Reads page by page to bound memory."""
    query = PageQuery(q="row-", limit=200, count=False)
    while items := (await service.page(query)).items:
        for item in items:
            yield item
        query = query.model_copy(update={"after": items[-1]["id"]})


async def seed_rows(database: Database, rows: int) -> None:
    async with database.reading() as session:
        start = await Seeder(session).last_row_number()
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("rows of each", total=rows, completed=start)
        for first in range(start + 1, rows + 1, BATCH):
            numbers = range(first, min(first + BATCH, rows + 1))
            async with database.writing() as session:
                await Seeder(session).add_rows(numbers)
            progress.advance(bar, len(numbers))


async def seed(rows: int) -> None:
    # One connection holds the lock.
    size = max(settings.DATABASE_POOL_SIZE, 2)
    pooled = settings.model_copy(update={"DATABASE_POOL_SIZE": size})
    async with (
        open_database(pooled) as database,
        SEEDS.waited_for(database.engine, lambda: print(WAITING, flush=True)),
    ):
        if error := await check_schema(database):
            sys.exit(error)
        with new_context(Context(request_id="seed", actor_label="seed_create_app")):
            print_login(settings.FIRST_SUPERUSER_EMAIL, await add_superuser(database))
            if settings.is_production:
                print("Skipped the example data: ENVIRONMENT is production.")
                return
            async with database.writing() as session:
                accounts = await Seeder(session).fill_shop()
            for email, password in (accounts or {}).items():
                print_login(email, password)
            added = accounts is not None
            print("Added example data." if added else "Found data: added no examples.")
            if rows:
                await seed_rows(database, rows)


async def add_superuser(database: Database) -> str | None:
    try:
        return await add_first_superuser(database, settings)
    except ValidationFailedException as error:
        sys.exit(f"FIRST_SUPERUSER_PASSWORD: {error.errors[0]['msg']}")


def print_login(email: str, password: str | None) -> None:
    """Print the login with a generated password, which is not stored in plain text."""
    print(f"Sign in as {email}" + (f" with password {password}" if password else ""))


def main(
    rows: Annotated[
        int, typer.Option(min=0, max=10_000_000, help="Numbered rows of each kind")
    ] = 0,
) -> None:
    """Fill the database with linked example data. Idempotent."""
    with exit_on_database_error("Nothing more was added."):
        asyncio.run(seed(rows))


if __name__ == "__main__":
    run_command(lambda: typer.run(main))
