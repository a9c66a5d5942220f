"""The pytest plugin: a server to point a test suite at, in one line.

``pip install -e <checkout>`` makes its fixtures known to every suite of that
environment; docs/testbench.md tells more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from certstates.testbench.server import TestBench, TestBenchError, started


@pytest.fixture(scope="session")
def certstates_server() -> Iterator[TestBench]:
    """A test bench for the whole session, with an address and a token.

    It is the one of CERTSTATES_URL and CERTSTATES_TOKEN, or else a new one.
    """
    if url := os.environ.get("CERTSTATES_URL"):
        token = os.environ.get("CERTSTATES_TOKEN")
        if not token:
            raise TestBenchError("CERTSTATES_URL is set, and CERTSTATES_TOKEN is not.")
        yield TestBench(base_url=url.rstrip("/"), token=token)
        return
    with started() as server:
        yield server


@pytest.fixture
def certstates(certstates_server: TestBench) -> TestBench:
    """The test bench with the records of the fixture ``sample``, and no faults."""
    certstates_server.clear_faults()
    certstates_server.reset()
    return certstates_server
