"""Numbers and days out of bounds are usage errors that name the option."""

from itertools import pairwise

import pytest

from tests.processes.forked import command
from tests.processes.servers import environment

HUGE = str(10**30)
ARCHIVE = "scripts/archive_audit.py"
DAYS = ("--until", "--since")
INVALID = [
    *((ARCHIVE, "run", "--keep-days", n) for n in ("3650000", "0", "-1", HUGE, "x")),
    *((ARCHIVE, "plan", "--keep-days", n) for n in ("3650000", "0")),
    *((ARCHIVE, "run", "--until", day) for day in ("0001-01-01", "9999-12-31")),
    *((ARCHIVE, "plan", "--until", day) for day in ("0001-01-01", "1969-12-31")),
    *((ARCHIVE, "run", "--max-seconds", n) for n in ("1e308", "nan", "inf", "0", "-1")),
    *((ARCHIVE, "run", "--batch-size", n) for n in (HUGE, "0", "2001")),
    *((ARCHIVE, "purge-restored", "--batch-size", n) for n in (HUGE, "0")),
    *((ARCHIVE, "query", "--limit", n) for n in (HUGE, "0", "1000001")),
    *((ARCHIVE, "query", option, "0001-01-01") for option in DAYS),
    *((ARCHIVE, "restore", option, "0001-01-01T00:00:00Z") for option in DAYS),
    *((ARCHIVE, "query", name, "\udc80") for name in ("--actor", "--request")),
    (ARCHIVE, "query", "--entity", "\udc80"),
    *(("seeds/seed_create_app.py", "--rows", n) for n in (HUGE, "-1", "10000001")),
    *(("scripts/benchmark.py", "--seconds", n) for n in ("nan", "0", "1e308", "-1")),
    *(("scripts/benchmark.py", "--rounds", n) for n in (HUGE, "0")),
    *(("scripts/benchmark_archive.py", "--rows", n) for n in (HUGE, "0")),
    *(("scripts/benchmark_archive.py", "--rate", n) for n in ("nan", "0", "inf")),
    *(("scripts/benchmark_audit.py", "--rows", n) for n in (HUGE, "0")),
]


ONE_OF_EACH_SCRIPT = [
    pytest.param(words, marks=[pytest.mark.heavy] * (words[0] == before[0]))
    for before, words in pairwise([("",), *INVALID])
]


@pytest.mark.slow
@pytest.mark.parametrize("words", ONE_OF_EACH_SCRIPT, ids=ascii)
def test_a_value_out_of_bounds_is_a_usage_error(words: tuple[str, ...]) -> None:
    yes = ("--yes",) if words[1] in ("run", "purge-restored") else ()
    env = environment("sqlite:////nowhere/at/all.db", AUDIT_ARCHIVE_DIR="/nowhere")
    done = command((*words, *yes), env)
    assert (done.code, done.output) == (2, "")
    assert words[-2] in done.errors
    assert "Traceback" not in done.errors
