"""The order of a log's files: each manifest has the hash of the previous one."""

from collections.abc import Iterable

from app.audit.archive.files.manifest import SignedManifest


def follow_chain(
    manifests: Iterable[SignedManifest], newest: str
) -> list[SignedManifest]:
    """Return the manifests that continue the chain after this hash, in order."""
    following = {each.manifest.previous: each for each in manifests}
    chain: list[SignedManifest] = []
    while found := following.pop(newest, None):
        chain.append(found)
        newest = found.manifest.compute_hash()
    return chain
