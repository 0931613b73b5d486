"""Indexes of a file's lines in the tree of its log, as the manifest holds them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from app.audit.archive.files.leaf_ranges import find_gaps
from app.audit.archive.tree.encoding import decode_base64, encode_base64
from app.audit.archive.tree.paths import LeafRange
from app.audit.archive.tree.tiles import unpack

RUN = "[0-9]{1,19}[+][1-9][0-9]{0,8}"
Runs = Annotated[str, StringConstraints(pattern=f"^{RUN}( {RUN})*$")]


def check_base64(text: str) -> str:
    decode_base64(text)
    return text


Base64 = Annotated[str, AfterValidator(check_base64)]


@dataclass(frozen=True)
class LeafRuns:
    """The leaves of the lines, and their neighbours.

    `runs` has `start+count` for each run of lines whose leaves have consecutive
    indexes, in the order of the lines. `neighbours` are the hashes of the other leaves
    in the tiles of 256 that these runs touch, in the order of the tree, as base64. So
    the file and its manifest have all hashes of these tiles that the tree had then.
    """

    runs: Runs
    neighbours: Base64

    @classmethod
    def of(cls, runs: Iterable[LeafRange], neighbours: Iterable[bytes]) -> "LeafRuns":
        words = (f"{run.start}+{run.end - run.start}" for run in runs)
        return cls(" ".join(words), encode_base64(b"".join(neighbours)))

    def list_runs(self) -> list[LeafRange]:
        """Return the runs in the order of the lines."""
        pairs = (word.split("+") for word in self.runs.split(" "))
        return [LeafRange(int(at), int(at) + int(rows)) for at, rows in pairs]

    def read_neighbours(self) -> dict[int, bytes]:
        """Return the hashes of the neighbours by their indexes."""
        hashes = unpack(decode_base64(self.neighbours))
        gaps = find_gaps(self.list_runs())
        indexes = (index for gap in gaps for index in range(*gap))
        return dict(zip(indexes, hashes, strict=False))
