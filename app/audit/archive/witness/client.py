"""Client of a witness, which cosigns a log's checkpoints while the log only grows.

It speaks the `add-checkpoint` call of C2SP tlog-witness.
"""

import asyncio
from collections.abc import Sequence

import httpx

from app.audit.archive.tree.checkpoints import Checkpoint
from app.audit.archive.tree.cosignatures import cosigned_at
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.notes import Note, NoteSignature
from app.audit.archive.witness.exceptions import (
    ContradictionException,
    WitnessException,
    refusal,
)
from app.core.config import Settings

TIMEOUT = 10.0  # seconds, for the whole call
MAX_ANSWER = 100_000  # bytes
CONFLICT, UNPROVEN = 409, 422


class WitnessClient:
    def __init__(self, url: str, key: VerifierKey) -> None:
        self.url = f"{url.rstrip('/')}/add-checkpoint"
        self.key = key

    @classmethod
    def from_settings(cls, settings: Settings) -> "WitnessClient | None":
        """Return the client of AUDIT_WITNESS; None if there is no witness."""
        key, _, url = settings.AUDIT_WITNESS.partition(" ")
        return cls(url, VerifierKey.parse(key)) if url else None

    async def cosign(self, note: str, old_size: int, proof: Sequence[str]) -> Note:
        """Return the checkpoint with the witness's cosignature.

        `proof` are the hashes, in base64, that lead from the tree of `old_size`.

        Raises:
            OtherSizeException: the witness has cosigned another size.
            ContradictionException: the log does not continue what it has cosigned.
            WitnessException: it does not answer, or not as a witness.
        """
        lines = [f"old {old_size}", *proof, "", note]
        status, text = await self.post("\n".join(lines))
        if status == CONFLICT:
            raise refusal(text, old_size, Checkpoint.parse(Note.parse(note).text))
        if status == UNPROVEN:
            raise ContradictionException("has another root")
        if status != httpx.codes.OK:
            raise WitnessException(f"it answers {status}")
        return self.add_cosignature(Note.parse(note), text)

    async def post(self, body: str) -> tuple[int, str]:
        """Return the status and the text of the answer."""
        try:
            async with (
                asyncio.timeout(TIMEOUT),
                httpx.AsyncClient() as client,
                client.stream("POST", self.url, content=body.encode()) as response,
            ):
                return response.status_code, await read_text(response)
        except TimeoutError:
            raise WitnessException("it does not answer in time") from None
        # A URL, a proxy of the environment or its certificates may be unusable, too.
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise WitnessException(f"it does not answer: {reason}") from None

    def add_cosignature(self, note: Note, answer: str) -> Note:
        """Return the note with the signature that is by the key of the witness."""
        try:
            signatures = map(NoteSignature.parse, answer.splitlines())
            own = [each for each in signatures if each.is_by(self.key)]
            cosigned_at(str(Note(note.text).add(*own)), self.key)
        except ProofException as error:
            raise WitnessException(f"its cosignature is invalid: {error}") from None
        return note.add(*own)


async def read_text(response: httpx.Response) -> str:
    content = b""
    async for part in response.aiter_bytes():
        content += part
        if len(content) > MAX_ANSWER:
            raise WitnessException(f"it answers more than {MAX_ANSWER} bytes")
    return content.decode(errors="replace")
