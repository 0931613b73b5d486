"""Question to the witness whether it has cosigned what the database has."""

from contextlib import suppress
from datetime import UTC, datetime

from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import LOGS, Log
from app.audit.archive.proofs.archive import RowArchive
from app.audit.archive.proofs.exceptions import NoCheckpointException
from app.audit.archive.proofs.prover import Prover
from app.audit.archive.tree.checkpoints import Checkpoint
from app.audit.archive.tree.cosignatures import cosigned_at
from app.audit.archive.tree.encoding import decode_base64
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.frontier import Frontier
from app.audit.archive.tree.notes import Note
from app.audit.archive.tree.proofs import ConsistencyProof
from app.audit.archive.verify.evidence import EvidenceVerifier
from app.audit.archive.verify.report import FindingKind
from app.audit.archive.verify.tree import TreeVerifier
from app.audit.archive.witness.client import WitnessClient
from app.audit.archive.witness.exceptions import (
    AheadException,
    ContradictionException,
    OtherSizeException,
    WitnessException,
)
from app.audit.archive.witness.submission import Submission, prove_growth


async def ask_witness(context: ArchiveContext, verifier: EvidenceVerifier) -> None:
    """Submit the newest checkpoint of each log; report what the witness says.

    It refuses a tree that lacks, or has otherwise, what it has cosigned. If it does not
    answer, use the newest cosignature in the database.
    """
    client = WitnessClient.from_settings(context.sealer.settings)
    if client is None:
        return
    for log in LOGS.values():
        await WitnessQuestion(context, verifier, client).ask(log)


class WitnessQuestion:
    def __init__(
        self, context: ArchiveContext, verifier: EvidenceVerifier, client: WitnessClient
    ) -> None:
        self.context = context
        self.verifier = verifier
        self.client = client
        self.source = f"the witness {client.key.name}"
        self.submission = Submission(context.database, client, context)

    async def ask(self, log: Log) -> None:
        try:
            note = await self.submit(log)
            if note:
                await self.compare(log, note)
        except ContradictionException as error:
            is_ahead = isinstance(error, AheadException)
            kind = FindingKind.SEAL_MISSING if is_ahead else FindingKind.SEAL_CHANGED
            detail = f"{self.source} {error}"
            self.verifier.report.add_finding(kind, log.name, detail)
        except WitnessException as error:
            self.verifier.report.unasked[log.name] = str(error)
            await self.use_stored(log)

    async def submit(self, log: Log) -> str | None:
        """Return the cosigned newest note, or None if there is none."""
        try:
            return (await self.submission.submit(log)).note
        except NoCheckpointException:
            await self.submit_empty(log)
            return None

    async def submit_empty(self, log: Log) -> None:
        """Submit an empty tree, which the witness refuses if it has cosigned more."""
        origin = self.verifier.trees[log.name].origin
        if not origin:
            return
        key = self.context.sealer.keys.current(origin)
        note = Checkpoint(origin, Frontier().head).sign(key)
        try:
            await self.client.cosign(str(note), 0, [])
        except OtherSizeException as known:
            raise AheadException(known.size) from None

    async def compare(self, log: Log, note: str) -> None:
        """Compare the verified tree with the cosigned one, which may have grown since.

        The application seals while its rows are verified.
        """
        cosigned, tree = Checkpoint.parse(Note.parse(note).text), self.tree_of(log)
        at = datetime.fromtimestamp(cosigned_at(note, self.client.key), UTC)
        head, size = tree.frontier.head, cosigned.head.size
        if size <= head.size:
            self.verifier.verify_note(note, self.source, at)
            return
        async with self.context.database.reading() as session:
            prover = Prover(session, log, RowArchive(session, self.context, log))
            hashes = await prove_growth(prover, head.size, size)
        proof = ConsistencyProof([decode_base64(each) for each in hashes])
        if not proof.matches(head, cosigned.head):
            raise ContradictionException("has another root")
        self.verifier.add_proof(log.name, head.size, self.source, at)

    def tree_of(self, log: Log) -> TreeVerifier:
        return self.verifier.trees[log.name]

    async def use_stored(self, log: Log) -> None:
        """Compare with the newest cosignature in the database, if there is one."""
        async with self.context.database.reading() as session:
            tree = TreeRepository(session, log)
            note = await tree.get_cosigned(self.client.key.name)
        with suppress(ProofException, WitnessException):
            if note:
                await self.compare(log, note)
