"""Dependencies of guarded routes: the current user, and the permission of the route."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.auth.bearer import components_of, get_principal, identified, read_credential
from app.auth.client import Client, read_client
from app.auth.components import AuthComponents
from app.auth.exceptions import (
    KeyNotAllowedException,
    MissingPermissionException,
    PasswordChangeRequiredException,
    UnauthorizedException,
)
from app.auth.idempotency.dependencies import RepeatableRoute
from app.auth.keys.key_text import SCHEME
from app.auth.permissions.actions import action_of, finder_of
from app.auth.permissions.before_commit import recheck_before_commit
from app.auth.permissions.principal import Principal
from app.auth.permissions.registry import CRUD, REGISTRY, register
from app.core.dependencies import SessionDep
from app.core.web.health import Health
from app.core.web.routing import api_router

logger = structlog.get_logger()


async def get_components(request: Request) -> AuthComponents:
    return components_of(request)


async def get_client(request: Request) -> Client:
    return read_client(request)


ComponentsDep = Annotated[AuthComponents, Depends(get_components)]
ClientDep = Annotated[Client, Depends(get_client)]
# Any signed-in user, even one who must change the password before anything else.
AnyUser = Annotated[Principal, Depends(get_principal)]


async def get_current_user(principal: AnyUser) -> Principal:
    if principal.must_change_password:
        raise PasswordChangeRequiredException
    return principal


CurrentUser = Annotated[Principal, Depends(get_current_user)]


async def refuse_keys(request: Request) -> None:
    """Refuse a request with an API key, which the logs name if it is valid."""
    for line in request.headers.getlist("authorization"):
        if line.partition(" ")[2].startswith(SCHEME):
            with suppress(UnauthorizedException):
                await identify(request)
            raise KeyNotAllowedException


async def identify(request: Request) -> None:
    find = read_credential(request)
    health: Health = request.app.state.health
    await health.require()
    async with health.database.reading() as session:
        if principal := await find(session):
            identified(request, principal)


@dataclass(frozen=True)
class PermissionChecker:
    """Dependency that allows a request if its user holds the route's permissions."""

    module: str

    async def __call__(
        self, request: Request, principal: AnyUser, session: SessionDep
    ) -> None:
        user = await get_current_user(principal)
        permissions = await self.permissions(request)
        for permission in permissions:
            if not user.has_permission(permission):
                id = str(user.user_id)
                logger.warning("permission_denied", user_id=id, permission=permission)
                raise MissingPermissionException(permission)
        if request.method != "GET":
            recheck_before_commit(session, principal, permissions)

    async def permissions(self, request: Request) -> list[str]:
        route = request.scope["route"]
        if (find := finder_of(route.endpoint)) is None:
            return [self.permission(route, request.method)]
        return [f"{self.module}:{action}" for action in await find(request)]

    def permission(self, route: APIRoute, method: str) -> str:
        return f"{self.module}:{action_of(route.endpoint, method, route.path)}"


def guarded_router(module: str, actions: tuple[str, ...] = CRUD) -> APIRouter:
    """Return a router whose every route asks for a permission on `module`.

    `actions` declares what a role can grant. A route asks for the action of its HTTP
    method, or for the one that `@action` states.
    """
    register(module, actions)
    return api_router(
        f"/{module}",
        route_class=RepeatableRoute,
        tags=[module],
        dependencies=[Depends(PermissionChecker(module))],
    )


def check_permissions(routes: Iterable[BaseRoute]) -> None:
    """Refuse to start unless the routes ask for exactly what their modules declare.

    Raises:
        RuntimeError: a route asks for an action that is not declared, so that no role
            can grant it; or no route asks for a declared one, so that it protects
            nothing.
    """
    asked = {*permissions_of(routes)}
    modules = {permission.partition(":")[0] for permission in asked}
    declared = {f"{name}:{action}" for name in modules for action in REGISTRY[name]}
    if undeclared := ", ".join(sorted(asked - declared)):
        raise RuntimeError(f"No guarded_router declares {undeclared}")
    if unasked := ", ".join(sorted(declared - asked)):
        raise RuntimeError(
            f"No route asks for {unasked}: state it with @action, or do not declare it"
        )


def permissions_of(routes: Iterable[BaseRoute]) -> Iterator[str]:
    for route in routes:
        if isinstance(route, APIRoute):
            for depends in route.dependencies:
                if isinstance(checker := depends.dependency, PermissionChecker):
                    yield from (
                        checker.permission(route, m) for m in route.methods or ()
                    )
