"""HTTP for products."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from app.auth.dependencies import guarded_router
from app.core.dependencies import PreconditionsDep, SessionDep
from app.core.pagination import Page
from app.modules.products.models import Product
from app.modules.products.repository import ProductRepository
from app.modules.products.schemas import (
    ProductCreate,
    ProductQuery,
    ProductRead,
    ProductUpdate,
    StockChange,
)
from app.modules.products.service import ProductService

router = guarded_router("products")


async def get_service(
    session: SessionDep, preconditions: PreconditionsDep
) -> ProductService:
    return ProductService(ProductRepository(session), preconditions)


ServiceDep = Annotated[ProductService, Depends(get_service)]


@router.get("", response_model=Page[ProductRead])
async def list_products(
    service: ServiceDep, query: Annotated[ProductQuery, Query()]
) -> Page[Product]:
    """List products, newest first. `q` searches SKU, name and description."""
    return await service.page(query)


@router.post("", response_model=ProductRead, status_code=201)
async def create_product(service: ServiceDep, data: ProductCreate) -> Product:
    """Create a product. The SKU must be unique."""
    return await service.create(data)


@router.get("/{product_id}", response_model=ProductRead)
async def get_product(service: ServiceDep, product_id: UUID) -> Product:
    """Return one product."""
    return await service.get(product_id)


@router.patch("/{product_id}", response_model=ProductRead)
async def update_product(
    service: ServiceDep, product_id: UUID, data: ProductUpdate
) -> Product:
    """Change the given fields. An inactive product's price cannot be changed."""
    return await service.update(product_id, data)


@router.delete("/{product_id}", status_code=204)
async def delete_product(service: ServiceDep, product_id: UUID) -> None:
    """Delete a product."""
    await service.delete(product_id)


@router.post("/{product_id}/stock", response_model=ProductRead)
async def adjust_stock(
    service: ServiceDep, product_id: UUID, data: StockChange
) -> Product:
    """Add `delta` to the stock. Fails with 409 if the stock would be negative."""
    return await service.adjust_stock(product_id, data.delta)
