"""Commands `checkpoint`, `key` and `prove`: what proves the log to others."""

from base64 import b64encode
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import orjson
import typer

from app.audit.archive.checkpoints.export import export_checkpoints, get_verifier_key
from app.audit.archive.exceptions import UsageException
from app.audit.archive.logs import LOGS, LogName
from app.audit.archive.proofs.prover import Inclusion, Prover
from app.audit.archive.tree.signing_keys import SigningKeys
from app.core.config import settings
from app.core.db.database import Database
from app.core.exceptions import AppException
from scripts.archive.runner import run_with_database


def checkpoint() -> None:
    """Print the newest signed checkpoint of each log.

    Append them to a file outside the database, as witnesses for `verify --seals`.
    """
    print("".join(run_with_database(export_checkpoints)), end="")


def key(
    *,
    private: Annotated[
        bool, typer.Option(help="Print the private key, for AUDIT_SIGNING_KEY.")
    ] = False,
) -> None:
    """Print the public key of each log, which verifies its checkpoints.

    Give them to auditors on paper, or in another way that cannot be changed later.
    """
    if private:
        print(b64encode(SigningKeys.from_settings(settings).seeds[0]).decode())
        return
    for each in run_with_database(read_keys):
        print(each)


async def read_keys(database: Database) -> list[str]:
    try:
        async with database.reading() as session:
            return [
                await get_verifier_key(session, settings, log) for log in LOGS.values()
            ]
    except AppException as error:
        raise UsageException(error.detail) from None


def prove(log: LogName, id: UUID) -> None:
    """Print the proof that an entry is in a log, for scripts/verify_log.py."""

    async def make_proof(database: Database) -> Inclusion:
        try:
            async with database.reading() as session:
                return await Prover(session, LOGS[log]).prove_row(id)
        except AppException as error:
            raise UsageException(error.detail) from None

    proof = asdict(run_with_database(make_proof))
    print(orjson.dumps(proof, option=orjson.OPT_INDENT_2).decode())
