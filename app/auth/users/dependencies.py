"""The service of users, for the routers that need it."""

from typing import Annotated

from fastapi import Depends

from app.auth.dependencies import AnyUser, ToolsDep
from app.auth.users.repository import UserRepository
from app.auth.users.service import UserService
from app.core.dependencies import SessionDep


async def get_service(
    session: SessionDep, actor: AnyUser, tools: ToolsDep
) -> UserService:
    return UserService(UserRepository(session), actor, tools)


UserServiceDep = Annotated[UserService, Depends(get_service)]
