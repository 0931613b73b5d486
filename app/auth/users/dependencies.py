"""Dependencies of the routes of users: the service, and the hash of a new password."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from pydantic import ValidationError

from app.auth.dependencies import AnyUser, ComponentsDep
from app.auth.users.credentials import Credentials, hash_password
from app.auth.users.repository import UserRepository
from app.auth.users.schemas import UserCreate, UserUpdate
from app.auth.users.service import UserService
from app.core.dependencies import PreconditionsDep, SessionDep
from app.core.web.request import StrictRequest

Schema = type[UserCreate] | type[UserUpdate]


async def get_service(
    session: SessionDep,
    preconditions: PreconditionsDep,
    actor: AnyUser,
    components: ComponentsDep,
) -> UserService:
    return UserService(UserRepository(session), preconditions, actor, components)


UserServiceDep = Annotated[UserService, Depends(get_service)]


def hashing(schema: Schema) -> Callable[..., Awaitable[Credentials]]:
    """Return the dependency that hashes the password of a body.

    It is one of the route, because hashing is slow: before an Idempotency-Key is
    reserved, no transaction is open.
    """

    async def get_credentials(
        request: StrictRequest, components: ComponentsDep, actor: AnyUser
    ) -> Credentials:
        try:
            data = schema.model_validate(await request.parsed_body())
        except ValidationError:
            return {}  # the body of the handler is invalid, too
        return await hash_password(components, actor, data)

    return get_credentials
