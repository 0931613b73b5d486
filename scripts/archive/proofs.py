"""Commands `checkpoint`, `key`, `prove` and `consistency`: proofs for others."""

import sys
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import orjson
import typer
from pydantic_core import to_jsonable_python

from app.audit.archive.checkpoints.export import export_checkpoints, get_verifier_key
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import (
    ArchiveException,
    UsageException,
    VerificationException,
)
from app.audit.archive.logs import LOGS, LogName
from app.audit.archive.progress import Progress
from app.audit.archive.proofs.archive import RowArchive
from app.audit.archive.proofs.exceptions import (
    ArchivedLeavesException,
    ArchivedRowException,
    NoCheckpointException,
    UnknownRowException,
)
from app.audit.archive.proofs.prover import Prover
from app.audit.archive.proofs.schemas import ConsistencyRead
from app.audit.archive.seals.sealer import Sealer
from app.audit.archive.store.opened import open_store
from app.audit.archive.tree.signing_keys import SigningKeys
from app.audit.archive.witness.client import WitnessClient
from app.audit.archive.witness.exceptions import (
    ContradictionException,
    WitnessException,
)
from app.audit.archive.witness.submission import Submission
from app.core.config import settings
from app.core.db.database import Database
from app.core.exceptions import AppException
from scripts.archive.options import Dest
from scripts.archive.runner import run_with_database

# What only the archive may have: without it, "no such entry" may be wrong.
NEED_ARCHIVE = (ArchivedLeavesException, ArchivedRowException, UnknownRowException)


def checkpoint(dest: Dest = "") -> None:
    """Print the newest signed checkpoint of each log.

    Append them to a file outside the database, as evidence for `verify --seals`. If
    AUDIT_WITNESS is set, that witness cosigns them first.
    """

    async def export(database: Database) -> str:
        await cosign_newest(database, dest)
        return await export_checkpoints(database)

    print("".join(run_with_database(export)), end="")


async def cosign_newest(database: Database, dest: str) -> None:
    """Submit the newest checkpoints, with proofs that need the archive, too."""
    if (client := WitnessClient.from_settings(settings)) is None:
        return
    archive, closed = open_archive(database, dest)
    if closed:
        print(closed, file=sys.stderr)
    submission = Submission(database, client, archive)
    for log in LOGS.values():
        try:
            await submission.submit(log)
        except NoCheckpointException:
            continue
        except ContradictionException as error:
            raise VerificationException(
                f"The witness of {log.name} {error}. Run `verify`."
            ) from None
        except WitnessException as error:
            print(f"{log.name} not cosigned: {error}", file=sys.stderr)


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


def prove(log: LogName, id: UUID, dest: Dest = "") -> None:
    """Print the proof that an entry is in a log, for scripts/verify_log.py.

    Archived entries are read from the archive directory.
    """
    print_proof(log, dest, lambda prover: prover.prove_row(id))


def consistency(
    log: LogName,
    old: Annotated[int, typer.Argument(min=0, help="Leaves of the old checkpoint.")],
    new: Annotated[int, typer.Argument(min=0, help="Leaves of the new checkpoint.")],
    dest: Dest = "",
) -> None:
    """Print the proof that nothing was changed between two checkpoints of a log."""

    async def prove_growth(prover: Prover) -> ConsistencyRead:
        hashes = await prover.prove_consistency(old, new)
        return ConsistencyRead(from_=old, to=new, hashes=hashes)

    print_proof(log, dest, prove_growth)


def print_proof(
    log: LogName, dest: str, prove: Callable[[Prover], Awaitable[object]]
) -> None:
    async def make_proof(database: Database) -> object:
        context, fault = open_archive(database, dest)
        try:
            async with database.reading() as session:
                archive = RowArchive(session, context, LOGS[log]) if context else None
                return await prove(Prover(session, LOGS[log], archive))
        except AppException as error:
            if fault and isinstance(error, NEED_ARCHIVE):
                raise fault from None
            raise UsageException(error.detail) from None

    proof = to_jsonable_python(run_with_database(make_proof), by_alias=True)
    print(orjson.dumps(proof, option=orjson.OPT_INDENT_2).decode())


def open_archive(
    database: Database, dest: str
) -> tuple[ArchiveContext | None, ArchiveException | None]:
    """Return the archive, or why it can't be used: what is live needs none.

    Raises:
        ArchiveException: `dest`, which was asked for, can't be used.
    """
    location = dest or settings.AUDIT_ARCHIVE_DIR
    if not location:
        return None, None
    try:
        store = open_store(location, settings)
    except ArchiveException as error:
        if dest:
            raise
        return None, error
    sealer = Sealer(database, settings)
    return ArchiveContext(database, store, sealer, Progress(), batch_size=1), None
