"""What is installed is named file by file, and the lists that people edit agree."""

import json
import re

import pytest
from packaging.utils import canonicalize_name

from tests.locked import LISTS, ROOT, direct, entries, lock_of, versions

# With what follows on lines that are continued.
PIP_INSTALL = r"""pip["']? install(?:.*\\\n)*.*"""
every_list = pytest.mark.parametrize("listed", LISTS, ids=lambda path: path.name)


@every_list
def test_what_is_asked_for_is_in_the_lock(listed):
    locked = versions(lock_of(listed))
    for requirement in direct(listed):
        version = locked.get(canonicalize_name(requirement.name))
        assert version, f"{requirement} is not locked: run .ci/lock"
        assert requirement.specifier.contains(version), f"{requirement}: run .ci/lock"


@every_list
def test_every_package_has_one_version_and_its_checksums(listed):
    found = [*entries(lock_of(listed))]
    assert len({canonicalize_name(each.name) for each, _ in found}) == len(found)
    for requirement, hashes in found:
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert len({*hashes}) == len(hashes), requirement


@every_list
def test_a_lock_tells_no_address_and_no_path(listed):
    text = lock_of(listed).read_text(encoding="utf-8")
    assert not re.search(r"://|index-url|find-links|trusted-host|(^|\s)/", text)


@every_list
def test_a_lock_was_made_by_the_one_command(listed):
    assert "#    .ci/lock\n" in lock_of(listed).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["requirements", "requirements-embedded"])
def test_tests_run_what_production_runs(name):
    """The same files too, on every platform."""
    tested = {
        str(each): hashes for each, hashes in entries(ROOT / "requirements-dev.lock")
    }
    for requirement, hashes in entries(ROOT / f"{name}.lock"):
        assert tested[str(requirement)] == hashes


def test_the_packages_of_node_have_checksums_and_no_address():
    lock = json.loads((ROOT / "tests/e2e/package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert {"node_modules/axe-core"} <= {*packages}
    for name, entry in packages.items():
        assert re.fullmatch(r"sha512-[\w+/]{86}==", entry["integrity"]), name
        assert "resolved" not in entry, name


def test_everything_that_installs_asks_for_the_checksums():
    """A call of pip that forgets them would be the way around the locks."""
    scripts = [ROOT / "tests/e2e/install", *(ROOT / ".ci").iterdir()]
    found = [
        command
        for script in scripts
        for command in re.findall(PIP_INSTALL, script.read_text(encoding="utf-8"))
    ]
    assert len(found) == 2  # the SDKs, and semgrep; bootstrap.py has tests of its own
    for command in found:
        assert "--require-hashes" in command, command
        assert "--only-binary=:all:" in command, command
