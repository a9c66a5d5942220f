"""No lock holds a version that is known to be unsafe, as of the day the file tells."""

import datetime as dt
import tomllib

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.locked import LISTS, ROOT, direct, lock_of, versions

FILE = ROOT / "tests" / "safe_versions.toml"
KNOWN = tomllib.loads(FILE.read_text(encoding="utf-8"))
MINIMUM = {name: Version(each["version"]) for name, each in KNOWN["minimum"].items()}
SERVER = ("requirements.txt", "requirements-embedded.txt")


def too_old(locked):
    """Return what of {name: version} is older than it may be."""
    return {name: version for name, version in locked.items()
            if name in MINIMUM and Version(version) < MINIMUM[name]}  # fmt: skip


@pytest.mark.parametrize("listed", LISTS, ids=lambda path: path.name)
def test_no_lock_goes_below_a_minimum(listed):
    assert too_old(versions(lock_of(listed))) == {}


def test_an_older_version_is_found_whatever_its_digits():
    """2.9 is older than 2.15, though it is the larger text."""
    locked = {"django": "5.2.9", "pyjwt": "2.15.1", "idna": "3.7", "unknown": "0.1"}
    assert too_old(locked) == {"django": "5.2.9", "idna": "3.7"}


def test_the_file_says_when_it_was_looked_at():
    assert type(KNOWN["as-of"]) is dt.date
    assert KNOWN["as-of"] <= dt.datetime.now(dt.UTC).date()


def test_every_minimum_has_a_reason_and_a_package():
    locked = {name for listed in LISTS for name in versions(lock_of(listed))}
    assert {*MINIMUM} <= locked
    for name, entry in KNOWN["minimum"].items():
        assert name == canonicalize_name(name)
        assert {*entry} == {"version", "reason"}, name
        assert entry["reason"].strip(), name


@pytest.mark.parametrize("name", SERVER)
def test_every_direct_requirement_of_the_server_was_looked_at(name):
    asked = {canonicalize_name(each.name) for each in direct(ROOT / name)}
    assert asked - {*MINIMUM} == set()
