"""Fill the database with linked example data. Doing it twice changes nothing.

python seeds/seed_create_app.py             a small stationer's shop
python seeds/seed_create_app.py --rows N    N numbered products, customers and tasks too

The shop goes through the services, so that their rules hold for the seeds as well.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.ext.asyncio import AsyncSession

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.auth.users.first_superuser import add_first_superuser
from app.core.config import settings
from app.core.context import Context, new_context
from app.core.db.database import Database
from app.core.db.migrations import schema_fault
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
from seeds import data
from seeds.accounts import add_accounts

BATCH = 500  # rows of each kind in one transaction: others may write in between


class Seeder:
    """The services of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.products = ProductService(ProductRepository(session), UNCONDITIONAL)
        self.customers = CustomerService(CustomerRepository(session), UNCONDITIONAL)
        self.tasks = TaskService(TaskRepository(session), UNCONDITIONAL)

    async def fill_shop(self) -> dict[str, str] | None:
        """Open the shop, if there is nothing in it, and return the accounts made."""
        everything = (self.products, self.customers, self.tasks)
        if any([(await each.page(PageQuery(limit=1))).total for each in everything]):
            return None
        accounts = await add_accounts(self.session)
        await self.add(data.shop_products(), data.shop_customers())
        return accounts

    async def add(
        self, products: Iterable[ProductCreate], customers: Iterable[CustomerCreate]
    ) -> None:
        """Add them, with a task for each customer."""
        await self.products.create_many(products)
        made = await self.customers.create_many(customers)
        tasks = data.shop_tasks([customer.id for customer in made])
        for number, task in enumerate(await self.tasks.create_many(tasks)):
            fate = data.FATES[number % len(data.FATES)]
            if fate is not Status.TODO:
                await self.tasks.update(task.id, TaskUpdate(status=fate))

    async def add_rows(self, numbers: range) -> None:
        await self.add(data.row_products(numbers), data.row_customers(numbers))

    async def rows_so_far(self) -> int:
        """Return the highest number that a row has; those below may be gone again."""
        highest = 0
        async for item in found(self.products):
            highest = max(highest, data.row_number(item.sku))
        async for item in found(self.customers):
            highest = max(highest, data.row_number(email_key(item.email)))
        return highest


async def found(service: ProductService | CustomerService) -> AsyncIterator[Any]:
    """Yield what could be a numbered row, a page at a time: there may be millions."""
    query = PageQuery(q="row-", limit=200, count=False)
    while items := (await service.page(query)).items:
        for item in items:
            yield item
        query = query.model_copy(update={"after": items[-1].id})


async def seed_rows(database: Database, rows: int) -> None:
    async with database.reading() as session:
        start = await Seeder(session).rows_so_far()
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("rows of each", total=rows, completed=start)
        for first in range(start + 1, rows + 1, BATCH):
            numbers = range(first, min(first + BATCH, rows + 1))
            async with database.writing() as session:
                await Seeder(session).add_rows(numbers)
            progress.advance(bar, len(numbers))


async def seed(rows: int) -> None:
    async with open_database(settings) as database:
        if fault := await schema_fault(database):
            sys.exit(fault)
        with new_context(Context(request_id="seed", actor_label="seed_create_app")):
            tell(settings.FIRST_SUPERUSER_EMAIL, await add_superuser(database))
            if settings.is_production:
                print("In production there is no example data.")
                return
            async with database.writing() as session:
                accounts = await Seeder(session).fill_shop()
            for email, password in (accounts or {}).items():
                tell(email, password)
            stays = accounts is None
            print("There is data: the shop stays." if stays else "The shop is open.")
            if rows:
                await seed_rows(database, rows)


async def add_superuser(database: Database) -> str | None:
    try:
        return await add_first_superuser(database, settings)
    except ValidationFailedException as error:
        sys.exit(f"FIRST_SUPERUSER_PASSWORD: {error.errors[0]['msg']}")


def tell(email: str, password: str | None) -> None:
    """Show a password that was made up, this once: it is stored nowhere."""
    print(f"Sign in as {email}" + (f" with password {password}" if password else ""))


def main(
    rows: Annotated[int, typer.Option(min=0, help="Numbered rows of each kind")] = 0,
) -> None:
    """Fill the database with linked example data. Doing it twice changes nothing."""
    asyncio.run(seed(rows))


if __name__ == "__main__":
    typer.run(main)
