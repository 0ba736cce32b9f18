from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from carrel.core.runtime.collection_pause import collection_paused
from carrel.core.runtime.library_imports import library_imports


@pytest.fixture(autouse=True)
def enabled_before_and_after() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_the_collector_rests_until_the_last_block_ends() -> None:
    one, other = collection_paused(), collection_paused()
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert not gc.isenabled()
    other.__exit__(None, None, None)
    assert gc.isenabled()


def test_it_works_again_after_an_import_that_failed() -> None:
    def fail() -> None:
        with library_imports():
            assert not gc.isenabled()
            raise ImportError("no such library")

    for _ in range(2):
        with pytest.raises(ImportError):
            fail()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    with collection_paused():
        pass
    assert not gc.isenabled()
