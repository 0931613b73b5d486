"""URLs of PostgreSQL as clouds hand them out, and TLS with the file of an authority."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import make_url, text

from app.core.db.outages.states import Outage, outage_of
from app.main import open_database
from tests.databases import make_settings
from tests.processes.certificates import Certificates, make_certificates
from tests.processes.network import network_to
from tests.processes.pgbouncer import pooled
from tests.processes.servers import free_port
from tests.programs import needs

pytestmark = pytest.mark.anyio
TRANSACTION: dict[str, Any] = {"DATABASE_POOLER": "transaction"}
NAME = text("SELECT current_setting('application_name')")
PATH = text("SELECT current_setting('search_path')")


async def ask(url: str, question: Any = NAME, **values: Any) -> Any:
    settings = make_settings(url, **values)
    async with open_database(settings) as database, database.writing() as session:
        return await session.scalar(question)


@pytest.fixture
def server(url: str) -> Iterator[str]:
    if url.startswith("sqlite"):
        pytest.skip("SQLite has no server")
    with network_to(url) as (_, found):
        yield found


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
async def test_each_spelling_of_the_system_is_accepted(
    server: str, scheme: str
) -> None:
    assert await ask(f"{scheme}://{server.partition('://')[2]}") == "app"


@pytest.mark.parametrize("scheme", ["sqlite+aiosqlite", "sqlite+pysqlite"])
def test_the_driver_of_a_file_is_ours(scheme: str) -> None:
    assert make_settings(f"{scheme}:////x/app.db").DATABASE_URL == "sqlite:////x/app.db"


async def test_parameters_of_libpq_are_used(server: str) -> None:
    given = "sslmode=prefer&connect_timeout=9&application_name=shop"
    given += "&channel_binding=prefer&target_session_attrs=read-write"
    assert await ask(f"{server}?{given}") == "shop"
    path = await ask(f"{server}?options=-c%20search_path%3Dpublic", PATH)
    assert path == "public"


async def test_of_several_hosts_the_one_that_writes_is_used(server: str) -> None:
    address = make_url(server)
    hosts = f"host=127.0.0.1:{free_port()}&host=127.0.0.1:{address.port}"
    where = f"postgresql://{address.username}:@/{address.database}?{hosts}"
    assert await ask(f"{where}&target_session_attrs=read-write") == "app"


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ("pgbouncer=true&sslmode=require", "has unknown parameters: pgbouncer"),
        ("connect_timeout=soon", "connect_timeout must be a number of seconds"),
    ],
)
def test_other_parameters_are_named_at_the_start(parameters: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        make_settings(f"postgresql://h/n?{parameters}")


@contextmanager
def encrypted(server: str) -> Iterator[tuple[str, Certificates]]:
    with TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        files = make_certificates(folder)
        with pooled(
            server,
            client_tls_sslmode="require",
            client_tls_cert_file=files.certificate,
            client_tls_key_file=files.key,
        ) as url:
            yield url, files


@needs("pgbouncer")
async def test_tls_is_verified_with_the_file_of_an_authority(
    server: str, tmp_path: Path
) -> None:
    other = make_certificates(tmp_path).authority
    with encrypted(server) as (url, files):
        full = f"{url}?sslmode=verify-full&sslrootcert="
        assert await ask(f"{url}?sslmode=require", **TRANSACTION) == "app"
        assert await ask(f"{full}{files.authority}", **TRANSACTION) == "app"
        with pytest.raises(OSError, match="certificate verify failed") as caught:
            await ask(f"{full}{other}", **TRANSACTION)
        assert outage_of(caught.value) is Outage.AWAY
        with pytest.raises(Exception, match="SSL required"):
            await ask(f"{url}?sslmode=disable", **TRANSACTION)
