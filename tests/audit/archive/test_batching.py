"""Batches are sized by the time per row, not by the latency of a transaction."""

from app.audit.archive.batching import (
    FIRST_ROWS,
    MANY_WRITERS,
    MIN_ROWS,
    SINGLE_WRITER,
    BatchSizer,
    Pace,
    Timing,
)

MAX_ROWS = 1_000
STEPS = 40


def sizes(pace: Pace, latency: float, row_seconds: float) -> list[int]:
    """Return the numbers of rows of transactions with these durations."""
    sizer = BatchSizer(MAX_ROWS, pace)
    used = []
    for _ in range(STEPS):
        used.append(sizer.rows)
        sizer.add_timing(Timing(sizer.rows, latency + sizer.rows * row_seconds))
    return used


def test_a_latency_of_20_ms_does_not_shrink_batches() -> None:
    assert max(sizes(MANY_WRITERS, 0.020, 10e-6)[-2:]) == MAX_ROWS
    # On SQLite the rows of a transaction take at most 11 ms.
    assert max(sizes(SINGLE_WRITER, 0.020, 10e-6)[-2:]) == SINGLE_WRITER.max_rows


def test_a_second_of_latency_does_not_shrink_batches() -> None:
    assert max(sizes(MANY_WRITERS, 1.0, 10e-6)[-2:]) == MAX_ROWS


def test_rows_of_a_millisecond_shrink_batches() -> None:
    assert max(sizes(MANY_WRITERS, 0.020, 1e-3)[-2:]) <= MANY_WRITERS.seconds / 1e-3
    assert max(sizes(SINGLE_WRITER, 0.020, 1e-3)[-2:]) <= SINGLE_WRITER.seconds / 1e-3
    assert max(sizes(SINGLE_WRITER, 0.020, 1e-2)[-2:]) == MIN_ROWS


def test_the_rows_of_a_transaction_take_the_seconds_of_the_pace() -> None:
    found = max(sizes(SINGLE_WRITER, 0.002, 80e-6)[-2:])
    assert 0.95 <= found * 80e-6 / SINGLE_WRITER.seconds <= 1


def test_a_few_delayed_transactions_do_not_change_the_size() -> None:
    sizer = BatchSizer(MAX_ROWS, SINGLE_WRITER)
    largest = []
    for step in range(STEPS):
        delay = 0.5 if step % 8 == 7 else 0
        sizer.add_timing(Timing(sizer.rows, delay + 0.002 + sizer.rows * 80e-6))
        largest.append(sizer.size)
    assert min(largest[STEPS // 2 :]) > FIRST_ROWS
    assert max(largest[STEPS // 2 :]) < 2 * SINGLE_WRITER.seconds / 80e-6


def test_a_batch_is_never_larger_than_the_maximum() -> None:
    for max_rows in (1, 7, MAX_ROWS):
        sizer = BatchSizer(max_rows, MANY_WRITERS)
        for _ in range(STEPS):
            assert 1 <= sizer.rows <= max_rows
            sizer.add_timing(Timing(sizer.rows, 0.001))
