"""Test vectors of others: Certificate Transparency's and those of Go's sumdb/note."""

import pytest

from app.audit.archive.tree.checkpoints import Checkpoint
from app.audit.archive.tree.frontier import Frontier, append
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.merkle import leaf_hash
from app.audit.archive.tree.notes import Note
from app.audit.archive.tree.paths import (
    Path,
    consistency_path,
    inclusion_path,
    root_path,
)

LEAVES = ["", "00", "10", "2021", "3031", "40414243"]
LEAVES += ["5051525354555657", "606162636465666768696a6b6c6d6e6f"]
GROWTH = append(Frontier(), [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES])
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
G = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
H = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
K = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
CT_PATHS = [
    (root_path(0), [EMPTY]),
    (
        root_path(8),
        ["5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"],
    ),
    (inclusion_path(0, 1), []),
    (inclusion_path(0, 8), [A, B, C]),
    (inclusion_path(5, 8), [D, E, F]),
    (inclusion_path(2, 3), [G]),
    (inclusion_path(1, 5), [H, B, D]),
    (consistency_path(1, 1), []),
    (consistency_path(1, 8), [A, B, C]),
    (consistency_path(6, 8), [K, E, F]),
    (consistency_path(2, 5), [B, D]),
]
# The example of the package golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng\
otpRZb6KE6RyyBwJnAM=
"""
# The example of C2SP tlog-cosignature, with the signatures of a log and of a witness.
C2SP_NOTE = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5\
/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrD\
JsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""


@pytest.mark.parametrize(("path", "hashes"), CT_PATHS)
def test_paths_are_those_of_certificate_transparency(
    path: Path, hashes: list[str]
) -> None:
    computed = path.compute(lambda level, index: GROWTH.runs[level].hashes[index])
    assert [each.hex() for each in computed] == hashes


def test_a_note_of_go_is_verified() -> None:
    key = VerifierKey.parse(GO_KEY)
    assert str(key) == GO_KEY
    note = Note.parse(GO_NOTE)
    assert list(note.verify(key)) == [key]
    assert str(note) == GO_NOTE


def test_a_cosigned_checkpoint_is_parsed() -> None:
    note = Note.parse(C2SP_NOTE)
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.head.size) == (
        "example.com/behind-the-sofa",
        20852163,
    )
    assert str(checkpoint) == note.text
    assert [len(each.signature) for each in note.signatures] == [64, 72]
    assert str(note) == C2SP_NOTE
