"""Fill the database with linked example data. Doing it twice changes nothing.

python seeds/seed_create_app.py             a small stationer's shop
python seeds/seed_create_app.py --rows N    N numbered products, customers and tasks too

Everything goes through the services, so that their rules hold for the seeds as well.
"""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.ext.asyncio import AsyncSession

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.auth.first_superuser import add_first_superuser
from app.auth.tools import AuthTools
from app.core.config import settings
from app.core.context import Context, new_context
from app.core.database import Database
from app.core.exceptions import ValidationFailedException
from app.core.migrations import schema_fault
from app.core.pagination import PageQuery
from app.main import open_database
from app.modules.customers.repository import CustomerRepository
from app.modules.customers.service import CustomerService
from app.modules.products.repository import ProductRepository
from app.modules.products.service import ProductService
from app.modules.tasks.models import Status
from app.modules.tasks.repository import TaskRepository
from app.modules.tasks.schemas import TaskCreate, TaskUpdate
from app.modules.tasks.service import TaskService
from seeds import data
from seeds.accounts import add_accounts

BATCH = 500  # rows of each kind in one transaction: others may write in between


class Seeder:
    """The services of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.products = ProductService(ProductRepository(session))
        self.customers = CustomerService(CustomerRepository(session))
        self.tasks = TaskService(TaskRepository(session))

    async def fill_shop(self) -> dict[str, str]:
        """Open the shop, if there is nothing yet; return the accounts of its people."""
        everything = (self.products, self.customers, self.tasks)
        if any([(await each.page(PageQuery(limit=1))).total for each in everything]):
            return {}
        accounts = await add_accounts(self.session, AuthTools.of(settings))
        await self.products.create_many(data.shop_products())
        customers = await self.customers.create_many(data.shop_customers())
        await self.add_tasks(data.shop_tasks([customer.id for customer in customers]))
        return accounts

    async def add_tasks(self, tasks: Iterable[TaskCreate]) -> None:
        made = await self.tasks.create_many(tasks)
        for number, task in enumerate(made):
            fate = data.FATES[number % len(data.FATES)]
            if fate is not Status.TODO:
                await self.tasks.update(task.id, TaskUpdate(status=fate))

    async def add_rows(self, numbers: range) -> None:
        await self.products.create_many(data.row_products(numbers))
        customers = await self.customers.create_many(data.row_customers(numbers))
        await self.add_tasks(data.shop_tasks([customer.id for customer in customers]))

    async def rows_so_far(self) -> int:
        """Return the number of the newest row that an earlier run has made."""
        page = await self.products.page(PageQuery(q="ROW-", limit=1, count=False))
        return int(page.items[0].sku.removeprefix("ROW-")) if page.items else 0


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
            for email, password in accounts.items():
                tell(email, password)
            print("The shop is open." if accounts else "There is data: the shop stays.")
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
