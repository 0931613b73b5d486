"""Routes for roles, and for the list of permissions that they can grant."""

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
permissions_router = api_router(
    "", tags=["roles"], dependencies=[Depends(get_current_user)]
)


async def get_service(
    session: SessionDep, preconditions: PreconditionsDep, actor: CurrentUser
) -> RoleService:
    return RoleService(RoleRepository(session), preconditions, actor)


ServiceDep = Annotated[RoleService, Depends(get_service)]


@router.get("", response_model=Page[RoleRead])
async def list_roles(
    service: ServiceDep, query: Annotated[RoleQuery, Query()]
) -> Page[Role]:
    """List roles, newest first. `q` searches name and description."""
    return await service.page(query)


@router.post("", response_model=RoleRead, status_code=201)
async def create_role(service: ServiceDep, data: RoleCreate) -> Role:
    """Create a role. It can grant only permissions that you have."""
    return await service.create(data)


@router.get("/{role_id}", response_model=RoleRead)
async def get_role(service: ServiceDep, role_id: UUID) -> Role:
    """Return one role."""
    return await service.get(role_id)


@router.patch("/{role_id}", response_model=RoleRead)
async def update_role(service: ServiceDep, role_id: UUID, data: RoleUpdate) -> Role:
    """Update a role. Takes effect on the next request of each user who has it."""
    return await service.update(role_id, data)


@router.delete("/{role_id}", status_code=204)
async def delete_role(service: ServiceDep, role_id: UUID) -> None:
    """Delete a role and remove it from all users."""
    await service.delete(role_id)


@permissions_router.get("/permissions", response_model=dict[str, list[str]])
async def list_permissions() -> dict[str, list[str]]:
    """List the permissions that roles can grant, as module → actions."""
    return {module: list(actions) for module, actions in sorted(REGISTRY.items())}
