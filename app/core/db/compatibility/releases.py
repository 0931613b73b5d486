"""Releases that can run with a schema, as the migrations state it."""

from collections.abc import Iterator

from alembic.script import ScriptDirectory

# A migration sets it: whether the release before it can run with the schema after it.
COMPATIBLE = "compatible_with_previous"


def compatible_releases(scripts: ScriptDirectory, revision: str) -> Iterator[str]:
    """Yield the heads of the releases that can run with this revision, newest first.

    These are the revision itself, and the ones before it for as long as each migration
    in between is compatible. A merge of branches ends them.
    """
    while True:
        yield revision
        script = scripts.get_revision(revision)
        before = script.down_revision
        if not getattr(script.module, COMPATIBLE, False) or not isinstance(before, str):
            return
        revision = before
