"""Errors of constraints that no repository has translated: what clients read."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from app.auth.models import Role, RoleModule, RolePermission
from app.core.db.constraints import taken
from app.core.db.database import Database
from app.core.db.database_errors import to_app_exception
from app.core.db.ids import uuid7
from app.modules.products.models import Product
from app.modules.tasks.models import Task

pytestmark = pytest.mark.anyio
PEN: dict[str, Any] = {"sku": "PEN", "name": "Pen", "price": Decimal(1)}
ROLE, GRANT = uuid7(), uuid7()


async def failure(database: Database, *entities: Any) -> Exception:
    """Return the error of writing the entities in this order."""

    async def write() -> None:
        async with database.writing() as session:
            for entity in entities:
                session.add(entity)
                await session.flush()

    with pytest.raises(Exception) as raised:  # noqa: PT011  the next lines check it
        await write()
    return raised.value


@pytest.mark.parametrize(
    ("make", "status", "detail"),
    [
        (lambda: [Product(**PEN), Product(**PEN)], 409, "existing record"),
        (lambda: [Task(title="Call", customer_id=uuid7())], 409, "does not exist"),
        (
            lambda: [
                Role(id=ROLE, name="Clerk"),
                RoleModule(id=GRANT, role_id=ROLE, module="tasks"),
                RolePermission(grant_id=GRANT, action="read"),
            ],
            409,
            "violate a constraint",
        ),
        (lambda: [Product(**PEN, stock=2**70)], 422, "not valid"),
    ],
)
async def test_the_answer_says_what_is_violated(
    database: Database, make: Callable[[], list[Any]], status: int, detail: str
) -> None:
    error = to_app_exception(await failure(database, *make()))
    assert error is not None
    assert (error.status, detail in error.detail) == (status, True)


async def test_another_table_is_not_named_as_this_one(database: Database) -> None:
    error = await failure(database, Product(**PEN), Product(**PEN))
    assert isinstance(error, IntegrityError)
    assert "same sku" in taken(error, Product.__table__, "Product").detail
    assert "Task" not in taken(error, Task.__table__, "Task").detail
