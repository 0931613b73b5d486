"""HTTP for roles, and for the catalogue of what they can grant."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from app.auth.dependencies import CurrentUser, get_current_user, guarded_router
from app.auth.models import Role
from app.auth.permissions.registry import REGISTRY
from app.auth.roles.repository import RoleRepository
from app.auth.roles.schemas import RoleCreate, RoleQuery, RoleRead, RoleUpdate
from app.auth.roles.service import RoleService
from app.core.dependencies import PreconditionsDep, SessionDep
from app.core.pagination import Page
from app.core.web.routing import api_router

router = guarded_router("roles")
catalogue = api_router("", tags=["roles"], dependencies=[Depends(get_current_user)])


async def get_service(
    session: SessionDep, preconditions: PreconditionsDep, actor: CurrentUser
) -> RoleService:
    return RoleService(RoleRepository(session), preconditions, actor)


ServiceDep = Annotated[RoleService, Depends(get_service)]


@router.get("", response_model=Page[RoleRead])
async def list_roles(
    service: ServiceDep, query: Annotated[RoleQuery, Query()]
) -> Page[Role]:
    """List roles, newest first. `q` looks through name and description."""
    return await service.page(query)


@router.post("", response_model=RoleRead, status_code=201)
async def create_role(service: ServiceDep, data: RoleCreate) -> Role:
    """Add a role. It can grant no more than you may do yourself."""
    return await service.create(data)


@router.get("/{role_id}", response_model=RoleRead)
async def get_role(service: ServiceDep, role_id: UUID) -> Role:
    """Read one role."""
    return await service.get(role_id)


@router.patch("/{role_id}", response_model=RoleRead)
async def update_role(service: ServiceDep, role_id: UUID, data: RoleUpdate) -> Role:
    """Change the fields given: effective on the next request of all who hold it."""
    return await service.update(role_id, data)


@router.delete("/{role_id}", status_code=204)
async def delete_role(service: ServiceDep, role_id: UUID) -> None:
    """Remove a role, and take it away from all who hold it."""
    await service.delete(role_id)


@catalogue.get("/permissions", response_model=dict[str, list[str]])
async def list_permissions() -> dict[str, list[str]]:
    """List what can be granted: module → actions."""
    return {module: list(actions) for module, actions in sorted(REGISTRY.items())}
