"""HTTP for customers."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from app.auth.dependencies import guarded_router
from app.core.dependencies import PreconditionsDep, SessionDep
from app.core.pagination import Page
from app.modules.customers.models import Customer
from app.modules.customers.repository import CustomerRepository
from app.modules.customers.schemas import (
    CustomerCreate,
    CustomerQuery,
    CustomerRead,
    CustomerUpdate,
)
from app.modules.customers.service import CustomerService

router = guarded_router("customers")


async def get_service(
    session: SessionDep, preconditions: PreconditionsDep
) -> CustomerService:
    return CustomerService(CustomerRepository(session), preconditions)


ServiceDep = Annotated[CustomerService, Depends(get_service)]


@router.get("", response_model=Page[CustomerRead])
async def list_customers(
    service: ServiceDep, query: Annotated[CustomerQuery, Query()]
) -> Page[Customer]:
    """List customers, newest first. `q` searches name, e-mail, company and notes."""
    return await service.page(query)


@router.post("", response_model=CustomerRead, status_code=201)
async def create_customer(service: ServiceDep, data: CustomerCreate) -> Customer:
    """Create a customer. The e-mail address must be unique."""
    return await service.create(data)


@router.get("/{customer_id}", response_model=CustomerRead)
async def get_customer(service: ServiceDep, customer_id: UUID) -> Customer:
    """Return one customer."""
    return await service.get(customer_id)


@router.patch("/{customer_id}", response_model=CustomerRead)
async def update_customer(
    service: ServiceDep, customer_id: UUID, data: CustomerUpdate
) -> Customer:
    """Change the given fields."""
    return await service.update(customer_id, data)


@router.delete("/{customer_id}", status_code=204)
async def delete_customer(service: ServiceDep, customer_id: UUID) -> None:
    """Delete a customer. Fails with 409 while tasks refer to it."""
    await service.delete(customer_id)
