"""Sealing at any place and a kill after any record: the run resumes to the same bits.

All places of all kinds are swept by ``python tests/helpers/sweep.py``; a share of them is here.
"""

import logging

import pytest
from sweep import Left, MemoryStore, fault_of, kinds, run, sweep

KINDS = kinds()
SHARE = 23
"""One of so many states is resumed here."""


@pytest.mark.parametrize("name", list(KINDS))
def test_a_run_sealed_and_killed_anywhere_resumes_to_the_same_bits(name, caplog):
    caplog.set_level(logging.ERROR)  # tries and small budgets are told every time
    first = sum(map(ord, name)) % SHARE
    tried, faults = sweep(KINDS[name], 0, lambda state: state % SHARE == first)
    assert tried >= 5
    assert not faults


def test_a_run_that_forgets_an_outcome_is_found():
    kind = KINDS["steady"]
    store = MemoryStore(frozenset())
    whole = run(kind, store, 0)
    left = store.lefts[9]
    assert fault_of(kind, left, whole, 0) == ""
    assert fault_of(kind, Left(left.image, left.records[1:]), whole, 0) != ""
