"""Dependencies that provide the services of API keys and password links."""

from typing import Annotated

from fastapi import Depends

from app.auth.dependencies import ClientDep, ComponentsDep
from app.auth.keys.repository import KeyRepository
from app.auth.provisioning.key_service import KeyService
from app.auth.provisioning.link_redeemer import LinkRedeemer
from app.auth.provisioning.link_repository import LinkRepository
from app.auth.provisioning.link_service import LinkService
from app.auth.users.dependencies import UserServiceDep
from app.core.dependencies import SessionDep
from app.core.web.health import HealthDep


async def get_key_service(session: SessionDep, users: UserServiceDep) -> KeyService:
    return KeyService(KeyRepository(session), users)


async def get_link_service(session: SessionDep, users: UserServiceDep) -> LinkService:
    return LinkService(LinkRepository(session), users)


async def get_link_redeemer(
    health: HealthDep, components: ComponentsDep, client: ClientDep
) -> LinkRedeemer:
    await health.require()
    return LinkRedeemer(health.database, components, client)


KeyServiceDep = Annotated[KeyService, Depends(get_key_service)]
LinkServiceDep = Annotated[LinkService, Depends(get_link_service)]
LinkRedeemerDep = Annotated[LinkRedeemer, Depends(get_link_redeemer)]
