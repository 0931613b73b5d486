"""Baseline: a minimal FastAPI and SQLAlchemy application.

It returns the same responses to the four measured requests, apart from ids and times,
with the same SQL statements, and uses the same `make_engine`: driver, pool, pragmas
and timeouts. Reads run in autocommit.

It is written as in a good tutorial: declarative SQLAlchemy with its own column types, a
session from a dependency with yield, queries in the handlers, Pydantic and FastAPI's
JSON. It has no services, repositories, error format, ETag, If-Match, strict validation,
filters, permissions, security headers, request ids or log. (`async with` around the
session would be shorter, but closes it in a separate task, which costs 10% of a GET.)
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.config import Settings
from app.core.db.engine import make_engine
from scripts.bench.bare.models import Product
from scripts.bench.bare.schemas import (
    ProductCreate,
    ProductPage,
    ProductRead,
    ProductUpdate,
)

PRODUCTS = "/api/v1/products"
PRODUCT = "/api/v1/products/{product_id}"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = make_engine(Settings())
    reader = engine.execution_options(isolation_level="AUTOCOMMIT")
    app.state.readers = async_sessionmaker(reader, expire_on_commit=False)
    app.state.writers = async_sessionmaker(engine, expire_on_commit=False)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


async def get_reader(request: Request) -> AsyncIterator[AsyncSession]:
    session = request.app.state.readers()
    try:
        yield session
    finally:
        await session.close()


async def get_writer(request: Request) -> AsyncIterator[AsyncSession]:
    session = request.app.state.writers()
    try:
        yield session
    finally:
        await session.close()


Reader = Annotated[AsyncSession, Depends(get_reader)]
Writer = Annotated[AsyncSession, Depends(get_writer)]


@app.get(PRODUCTS, response_model=ProductPage)
async def list_products(
    session: Reader,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Any:
    table = Product.__table__
    total = await session.scalar(select(func.count()).select_from(table))
    newest = select(table).order_by(table.c.id.desc())
    rows = await session.execute(newest.limit(limit).offset(offset))
    return {"items": rows.all(), "total": total, "limit": limit, "offset": offset}


@app.post(PRODUCTS, response_model=ProductRead, status_code=201)
async def create_product(session: Writer, data: ProductCreate) -> Any:
    product = Product(**data.model_dump())
    session.add(product)
    await session.commit()
    return product


@app.get(PRODUCT, response_model=ProductRead)
async def get_product(session: Reader, product_id: UUID) -> Any:
    product = await session.get(Product, product_id)
    if product is None:
        raise HTTPException(404)
    return product


@app.patch(PRODUCT, response_model=ProductRead)
async def update_product(session: Writer, product_id: UUID, data: ProductUpdate) -> Any:
    # FOR NO KEY UPDATE.
    lock = {"key_share": True}
    product = await session.get(Product, product_id, with_for_update=lock)
    if product is None:
        raise HTTPException(404)
    for name, value in data.model_dump(exclude_unset=True).items():
        setattr(product, name, value)
    await session.commit()
    return product
