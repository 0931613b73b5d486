#!/usr/bin/env python3
"""Verify proofs of the audit log without the application.

An auditor copies this one file; it needs Python and the package `cryptography`, and
shares no code with the application that it verifies. The verifier key must come from a
source that the operator of the log cannot change later, such as a printout.
"""

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    print("Unreadable: install the package cryptography first.", file=sys.stderr)
    sys.exit(2)

EXAMPLES = """\
KEY is what GET /api/v1/audit/key returns: <archive>/<log>+<hash>+<base64>.
Repeat --key after a rotation: for old checkpoints, their former keys.

  verify_log.py --key KEY inclusion proof.json
  verify_log.py --key KEY consistency proof.json old-note.txt new-note.txt
  verify_log.py --key OLD_KEY rotation statement.txt

Exit code: 0 proven, 1 not proven, 2 a file, key or argument is not readable.
"""


class NotProvenError(Exception):
    """The files are well-formed, and prove nothing or the opposite."""


class UnreadableError(ValueError):
    """A file or key is malformed."""


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    try:
        print("Proven:", options.command(options))
    except NotProvenError as error:
        print("NOT PROVEN:", error, file=sys.stderr)
        return 1
    except (ValueError, OSError) as error:
        print("Unreadable:", error, file=sys.stderr)
        return 2
    return 0


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--key", action="append", required=True, help="verifier key")
    commands = parser.add_subparsers(required=True)
    for command, files, text in (
        (verify_inclusion, ["proof"], "a row is in the log"),
        (verify_consistency, ["proof", "old", "new"], "the log only grew"),
        (verify_rotation, ["statement"], "a key was replaced by its owner"),
    ):
        name = command.__name__.removeprefix("verify_")
        subparser = commands.add_parser(name, help=text, description=f"Verify: {text}.")
        subparser.set_defaults(command=command)
        for file in files:
            subparser.add_argument(file, type=Path)
    return parser.parse_args(arguments)


def verify_inclusion(options: argparse.Namespace) -> str:
    proof = read_json(options.proof)
    note = get_text(proof, "checkpoint")
    origin, tree_size, tree_root = open_checkpoint(note, options.key)
    index, size = get_number(proof, "index"), get_number(proof, "size")
    if size != tree_size:
        raise NotProvenError(f"The proof is for {size} leaves, not for {tree_size}.")
    if index >= size:
        raise NotProvenError(f"The log has {size} leaves; there is no leaf {index}.")
    leaf = decode(get_text(proof, "leaf"))
    root = hashlib.sha256(b"\x00" + leaf).digest()
    hashes = get_hashes(proof)
    for is_left in path_sides(index, size - 1, len(hashes)):
        root = parent(hashes.pop(0), root) if is_left else parent(root, hashes.pop(0))
    if root != tree_root:
        raise NotProvenError(f"Leaf {index} is not in the log {origin}.")
    return f"leaf {index} of {size} is in the log {origin}: {leaf!r}"


def verify_consistency(options: argparse.Namespace) -> str:
    proof = read_json(options.proof)
    old = open_checkpoint(read_text(options.old), options.key)
    new = open_checkpoint(read_text(options.new), options.key)
    if old[0] != new[0]:
        raise NotProvenError(f"Two logs: {old[0]} and {new[0]}.")
    (origin, first, old_root), (_, second, new_root) = old, new
    if (get_number(proof, "from"), get_number(proof, "to")) != (first, second):
        raise NotProvenError(f"The checkpoints are of {first} and {second} leaves.")
    if first > second:
        raise NotProvenError("The old checkpoint has more leaves than the new one.")
    roots = consistent_roots((first, second), (old_root, new_root), get_hashes(proof))
    if roots != (old_root, new_root):
        raise NotProvenError(f"History was changed: {first} leaves of {origin}.")
    return f"the first {first} of {second} leaves of {origin} are unchanged"


def consistent_roots(
    sizes: tuple[int, int], roots: tuple[bytes, bytes], hashes: list[bytes]
) -> tuple[bytes, bytes]:
    """Return both roots as computed from the proof (RFC 9162, section 2.1.4.2)."""
    (first, second), (old_root, new_root) = sizes, roots
    if first in (0, second):
        if hashes:
            raise NotProvenError("The proof has too many hashes.")
        empty = hashlib.sha256().digest()
        return (old_root, old_root) if first else (empty, new_root)
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    if node == 0:  # The old tree is perfect, and its root is the first hash.
        hashes = [old_root, *hashes]
    if not hashes:
        raise NotProvenError("The proof has too few hashes.")
    old = new = hashes[0]
    sides = path_sides(node, last, len(hashes) - 1)
    for is_left, each in zip(sides, hashes[1:], strict=True):
        old = parent(each, old) if is_left else old
        new = parent(each, new) if is_left else parent(new, each)
    return old, new


def path_sides(node: int, last: int, count: int) -> list[bool]:
    """Return for each hash of a path whether it is on the left (2.1.3.2)."""
    sides = []
    while last:
        sides.append(bool(node & 1) or node == last)
        while sides[-1] and not node & 1 and node:
            node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    if len(sides) != count:
        raise NotProvenError(f"The proof has {count} hashes instead of {len(sides)}.")
    return sides


def parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def verify_rotation(options: argparse.Namespace) -> str:
    text, signers = open_note(read_text(options.statement), options.key)
    title, _, key = text.removesuffix("\n").partition("\n")
    if title != "audit key rotation v1":
        raise UnreadableError("This note is not a key rotation.")
    if parse_key(key)[0] not in signers:
        raise NotProvenError("The new key is not of the log that signed.")
    return f"the successor of the key is {key}"


def open_checkpoint(note: str, keys: list[str]) -> tuple[str, int, bytes]:
    """Return origin, size and root, signed by one of the keys."""
    text, signers = open_note(note, keys)
    lines = text.split("\n")
    if len(lines) < 4 or "" in lines[:-1]:
        raise UnreadableError("A checkpoint has three lines.")
    origin, size, root = lines[:3]
    if not (size.isascii() and size.isdigit()) or size != str(int(size[:20])):
        raise UnreadableError("The size in the checkpoint is not a number.")
    if origin not in signers:
        raise NotProvenError(f"The log {origin} did not sign this checkpoint.")
    return origin, int(size), decode(root)


def open_note(note: str, keys: list[str]) -> tuple[str, set[str]]:
    """Return the text and the names of the keys that signed it."""
    text, separator, block = note.rpartition("\n\n")
    if not separator or not block.endswith("\n"):
        raise UnreadableError("The note has no signatures.")
    text += "\n"
    signers = set()
    for line in block.removesuffix("\n").split("\n"):
        dash, _, rest = line.partition(" ")
        signer, _, signature = rest.partition(" ")
        if dash != "—":
            raise UnreadableError("The note has a malformed signature line.")
        for name, key_hash, public in map(parse_key, keys):
            if signer == name and decode(signature)[:4] == key_hash:
                check_signature(public, decode(signature)[4:], text)
                signers.add(name)
    if not signers:
        raise NotProvenError("No signature is by a given key.")
    return text, signers


def check_signature(public: bytes, signature: bytes, text: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        raise NotProvenError("The signature is not valid.") from None


def parse_key(key: str) -> tuple[str, bytes, bytes]:
    """Return the name, the hash and the 32 bytes of a verifier key."""
    name, _, rest = key.partition("+")
    key_hash, _, encoded = rest.partition("+")
    data = decode(encoded)
    expected = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if len(data) != 33 or data[0] != 1 or key_hash != expected.hex():
        raise UnreadableError(f"Not an Ed25519 verifier key: {key}")
    return name, expected, data[1:]


def read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise UnreadableError(f"{path} is not UTF-8.") from None


def read_json(path: Path) -> dict[str, object]:
    try:
        value = json.loads(read_text(path))
    except (ValueError, RecursionError):
        raise UnreadableError(f"{path} is not JSON.") from None
    if not isinstance(value, dict):
        raise UnreadableError(f"{path} is not a JSON object.")
    return value


def get_text(proof: dict[str, object], name: str) -> str:
    value = proof.get(name)
    if not isinstance(value, str):
        raise UnreadableError(f'The proof has no text "{name}".')
    return value


def get_number(proof: dict[str, object], name: str) -> int:
    value = proof.get(name)
    if type(value) is not int or value < 0:
        raise UnreadableError(f'The proof has no number "{name}".')
    return value


def get_hashes(proof: dict[str, object]) -> list[bytes]:
    values = proof.get("hashes")
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise UnreadableError('The proof has no list "hashes".')
    hashes = [decode(value) for value in values]
    if any(len(each) != 32 for each in hashes):
        raise UnreadableError("A hash has 32 bytes.")
    return hashes


def decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise UnreadableError(f"Not base64: {text!a}") from None


if __name__ == "__main__":
    sys.exit(main())
