"""Types of the settings that Pydantic has no type for."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from app.core.startup.addresses import check_listen_address, check_metrics_address
from app.core.startup.archive_location import check_archive_location
from app.core.startup.audit_keys import check_signing_key, check_witness
from app.core.startup.database_urls import check_database_url, check_replica_url
from app.core.startup.key_store_urls import check_keys_url
from app.core.startup.origins import (
    check_hosts,
    check_networks,
    check_origins,
    check_root_path,
)


def split_commas(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(word.strip() for word in value.split(",") if word.strip())


# NoDecode: the environment has comma-separated values instead of JSON.
SPLIT = (NoDecode, BeforeValidator(split_commas))
Hosts = Annotated[tuple[str, ...], *SPLIT, AfterValidator(check_hosts)]
Origins = Annotated[tuple[str, ...], *SPLIT, AfterValidator(check_origins)]
Networks = Annotated[tuple[str, ...], *SPLIT, AfterValidator(check_networks)]
Secrets = Annotated[tuple[SecretStr, ...], *SPLIT]
SigningKey = Annotated[SecretStr, AfterValidator(check_signing_key)]
SigningKeys = Annotated[tuple[SigningKey, ...], *SPLIT]
ArchiveLocation = Annotated[str, AfterValidator(check_archive_location)]
DatabaseUrl = Annotated[str, AfterValidator(check_database_url)]
KeyStoreUrl = Annotated[str, AfterValidator(check_keys_url)]
ReplicaUrl = Annotated[str, AfterValidator(check_replica_url)]
ListenAddress = Annotated[str, AfterValidator(check_listen_address)]
MetricsAddress = Annotated[str, AfterValidator(check_metrics_address)]
RootPath = Annotated[str, AfterValidator(check_root_path)]
Witness = Annotated[str, AfterValidator(check_witness)]
