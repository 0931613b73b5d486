"""Example roles, and a user for each of them."""

from secrets import token_urlsafe

from sqlalchemy import select
from sqlmodel import col

from app.auth.models import Role
from app.auth.passwords.hashing import password_context
from app.auth.roles.repository import RoleRepository
from app.auth.roles.schemas import RoleCreate
from app.auth.sessions.account_repository import AccountRepository
from app.auth.users.repository import UserRepository
from app.core.db.session import DatabaseSession
from app.core.text import email_key

ALL = ["create", "delete", "update"]
ROLES: dict[str, dict[str, list[str]]] = {
    "viewer": {"products": [], "customers": [], "tasks": []},
    "sales": {"products": [], "customers": ["create", "update"], "tasks": ALL},
    "manager": {"products": ALL, "customers": ALL, "tasks": ALL, "users": []},
}


async def add_accounts(session: DatabaseSession) -> dict[str, str]:
    """Add the missing roles and users; return the new users' passwords by e-mail.

    Uses the repositories, because the services require a signed-in user.
    """
    passwords_by_email = {}
    for name, modules in ROLES.items():
        role = await find_or_add(session, RoleCreate(name=name, modules=modules))
        email = f"{name}@example.com"
        if not await AccountRepository(session).find_by_email_key(email_key(email)):
            passwords_by_email[email] = await add_user(session, email, role)
    return passwords_by_email


async def find_or_add(session: DatabaseSession, data: RoleCreate) -> Role:
    found = await session.scalar(select(Role).where(col(Role.name) == data.name))
    return found or await RoleRepository(session).create(data.model_dump())


async def add_user(session: DatabaseSession, email: str, role: Role) -> str:
    """Add a user with this role; return the generated password.

    Unlike other new users, they need not change it at the first login.
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
