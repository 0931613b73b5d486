"""New entities are as the constructor makes them, whether it is called or not."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, inspect

from app.audit.changes.guard import UnauditedWriteError
from app.auth.models import Role
from app.core.clock import now
from app.core.db.database import Database
from app.core.db.ids import uuid7
from app.core.db.records.new_instance import new_instance, validated_names
from app.core.models import Entity, entities
from app.modules.customers.models import Customer
from app.modules.products.models import Product
from app.modules.products.repository import ProductRepository
from tests.audit.changes.models import Note

pytestmark = pytest.mark.anyio
BASE = {"id": uuid7(), "created_at": now(), "updated_at": now()}
GIVEN: dict[type[Entity], dict[str, Any]] = {
    Customer: {"name": "Ada", "email": "Ada@Example.com", "company": None},
    Product: {"sku": "PEN", "name": "Pen", "price": Decimal(1), "no field": 1},
    Role: {"name": "Clerk"},
}


@pytest.mark.parametrize("model", GIVEN)
def test_an_instance_is_as_the_constructor_makes_it(model: Any) -> None:
    values = BASE | GIVEN[model]
    made, expected = new_instance(model, values), model(**values)
    assert made.model_dump() == expected.model_dump()
    assert not inspect(made).persistent


def test_entities_of_one_row_are_made_without_the_constructor() -> None:
    direct = {it.__name__ for it in entities() if validated_names(it) is not None}
    assert direct >= {"Product", "Task", "Customer"}
    assert direct.isdisjoint({"User", "Role"})
    # It listens to its JSON column.
    assert validated_names(Note) is None


async def test_an_expression_is_no_value_of_a_new_record(database: Database) -> None:
    values = GIVEN[Product] | {"name": func.upper("pen")}
    with pytest.raises(UnauditedWriteError):
        async with database.writing() as session:
            await ProductRepository(session).create(values)
    async with database.reading() as session:
        assert await session.rows(Product.__table__.select()) == []
