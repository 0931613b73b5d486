"""Example roles, each with a user: what a viewer, a seller and a manager may do."""

from secrets import token_urlsafe

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.first_superuser import system_principal
from app.auth.roles.repository import RoleRepository
from app.auth.roles.schemas import RoleCreate
from app.auth.roles.service import RoleService
from app.auth.tools import AuthTools
from app.auth.users.repository import UserRepository
from app.auth.users.schemas import UserCreate
from app.auth.users.service import UserService

ALL = ["create", "delete", "update"]
ROLES: dict[str, dict[str, list[str]]] = {
    "viewer": {"products": [], "customers": [], "tasks": []},
    "sales": {"products": [], "customers": ["create", "update"], "tasks": ALL},
    "manager": {"products": ALL, "customers": ALL, "tasks": ALL, "users": []},
}


async def add_accounts(session: AsyncSession, tools: AuthTools) -> dict[str, str]:
    """Add a role and a user for each; return e-mail addresses and their password."""
    password = token_urlsafe(12)
    actor = system_principal()
    roles = RoleService(RoleRepository(session), actor)
    users = UserRepository(session)
    service = UserService(users, actor, tools)
    made = {}
    for name, modules in ROLES.items():
        role = await roles.create(RoleCreate(name=name, modules=modules))
        user = await service.create(
            UserCreate(
                email=f"{name}@example.com",
                full_name=f"Example {name}",
                password=password,
                role_ids=[role.id],
            )
        )
        # These are for trying out at once, unlike the accounts of real people.
        await users.update(user, {"must_change_password": False})
        made[user.email] = password
    return made
