"""Dependency that provides the user service."""

from typing import Annotated

from fastapi import Depends

from app.auth.dependencies import AnyUser, ComponentsDep
from app.auth.users.repository import UserRepository
from app.auth.users.service import UserService
from app.core.dependencies import PreconditionsDep, SessionDep


async def get_service(
    session: SessionDep,
    preconditions: PreconditionsDep,
    actor: AnyUser,
    components: ComponentsDep,
) -> UserService:
    return UserService(UserRepository(session), preconditions, actor, components)


UserServiceDep = Annotated[UserService, Depends(get_service)]
