"""Example roles, each with a user: what a viewer, a seller and a manager may do."""

from secrets import token_urlsafe

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.models import Role
from app.auth.passwords.hashing import password_context
from app.auth.roles.repository import RoleRepository
from app.auth.roles.schemas import RoleCreate
from app.auth.sessions.account_repository import AccountRepository
from app.auth.users.repository import UserRepository
from app.core.text import email_key

ALL = ["create", "delete", "update"]
ROLES: dict[str, dict[str, list[str]]] = {
    "viewer": {"products": [], "customers": [], "tasks": []},
    "sales": {"products": [], "customers": ["create", "update"], "tasks": ALL},
    "manager": {"products": ALL, "customers": ALL, "tasks": ALL, "users": []},
}


async def add_accounts(session: AsyncSession) -> dict[str, str]:
    """Add the roles and users that are missing; return the passwords by e-mail address.

    Through the repositories: the services ask who is acting, and nobody has signed in.
    """
    made = {}
    for name, modules in ROLES.items():
        role = await find_or_add(session, RoleCreate(name=name, modules=modules))
        email = f"{name}@example.com"
        if not await AccountRepository(session).find_by_email_key(email_key(email)):
            made[email] = await add_user(session, email, role)
    return made


async def find_or_add(session: AsyncSession, data: RoleCreate) -> Role:
    found = await session.scalar(select(Role).where(col(Role.name) == data.name))
    return found or await RoleRepository(session).create(data.model_dump())


async def add_user(session: AsyncSession, email: str, role: Role) -> str:
    """Add a user who holds this role; return the password made up for her.

    It need not be changed first, unlike the accounts of real people.
    """
    password = token_urlsafe(12)
    await UserRepository(session).create(
        {
            "email": email,
            "full_name": f"Example {role.name}",
            "password_hash": password_context.hash(password),
            "role_ids": [role.id],
        }
    )
    return password
