"""Dependency that provides the user service."""

from typing import Annotated

from fastapi import Depends

from app.auth.dependencies import AnyUser, ComponentsDep
from app.auth.users.repository import UserRepository
from app.auth.users.service import UserService
from app.core.dependencies import SessionDep


async def get_service(
    session: SessionDep, actor: AnyUser, components: ComponentsDep
) -> UserService:
    return UserService(UserRepository(session), actor, components)


UserServiceDep = Annotated[UserService, Depends(get_service)]
