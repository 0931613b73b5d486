"""Dependencies that provide the login, password and session services."""

from typing import Annotated

from fastapi import Depends

from app.auth.dependencies import ClientDep, ComponentsDep
from app.auth.sessions.account_repository import AccountRepository
from app.auth.sessions.login_service import LoginService
from app.auth.sessions.password_service import PasswordService
from app.auth.sessions.repository import SessionRepository
from app.auth.sessions.session_service import SessionService
from app.core.dependencies import SessionDep
from app.core.web.health import HealthDep


async def get_login_service(
    health: HealthDep, components: ComponentsDep, client: ClientDep
) -> LoginService:
    await health.require()
    return LoginService(health.database, components, client)


async def get_password_service(
    health: HealthDep, components: ComponentsDep, client: ClientDep
) -> PasswordService:
    await health.require()
    return PasswordService(health.database, components, client)


async def get_session_service(session: SessionDep) -> SessionService:
    return SessionService(SessionRepository(session), AccountRepository(session))


PasswordServiceDep = Annotated[PasswordService, Depends(get_password_service)]
LoginServiceDep = Annotated[LoginService, Depends(get_login_service)]
SessionServiceDep = Annotated[SessionService, Depends(get_session_service)]
