"""``.ci/lock`` writes the locks, and its check finds what the index does not know.

A stand-in for uv answers what the test put into ``answers``; CI asks the real one.
"""

import os
import shutil
import subprocess

import pytest

from tests.locked import ROOT

UV = """\
#!/usr/bin/env bash
echo "$@" >>"$ANSWERS/asked"
echo "${UV_DEFAULT_INDEX:-} $PWD" >>"$ANSWERS/where"
while [ "$1" != --output-file ]; do shift; done
if [ -f "$2" ]; then cat "$2" >>"$ANSWERS/kept"; fi
cat "$ANSWERS/$2" >"$2"
"""
LISTS = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-embedded.txt",
    "requirements-semgrep.txt",  # an environment of its own, as any further list
    "tests/e2e/requirements.txt",
)
LOCK = """\
#    .ci/lock
django==5.2.19 \\
    --hash=sha256:aa \\
    --hash=sha256:cc
    # via -r requirements.txt
"""


@pytest.fixture
def root(tmp_path):
    """Return a project whose locks are what its index answers."""
    root = tmp_path / "a project"
    (root / ".ci").mkdir(parents=True)
    (root / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "lock", root / ".ci")
    (root / ".venv" / "bin" / "uv").write_text(UV)
    (root / ".venv" / "bin" / "uv").chmod(0o755)
    for listed in LISTS:
        for name in (listed, f"answers/{listed}"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / listed).write_text("Django~=5.2.19\n")
        (root / listed).with_suffix(".lock").write_text(LOCK)
        (root / "answers" / listed).with_suffix(".lock").write_text(LOCK)
    return root


def lock(root, *options, **environment):
    return subprocess.run(
        [root / ".ci" / "lock", *options],
        env={
            "PATH": os.environ["PATH"],
            "ANSWERS": str(root / "answers"),
            **environment,
        },
        check=False,
        capture_output=True,
        text=True,
    )


def test_every_lock_is_written(root):
    for listed in LISTS:
        (root / listed).with_suffix(".lock").unlink()
    assert lock(root).returncode == 0
    for listed in LISTS:
        assert (root / listed).with_suffix(".lock").read_text() == LOCK


def test_the_address_of_the_index_goes_by_the_environment_only(root):
    lock(root, PIP_INDEX_URL="https://index.example/simple")
    assert "index.example" not in (root / "answers/asked").read_text()
    for line in (root / "answers/where").read_text().splitlines():
        address, _, folder = line.partition(" ")
        assert address == "https://index.example/simple"
        assert not folder.startswith(str(root))  # no path gets into a lock either


def test_nothing_is_built_and_every_platform_is_asked_for(root):
    lock(root)
    asked = (root / "answers/asked").read_text().splitlines()
    assert len(asked) == len(LISTS)
    for line in asked:
        for option in ("--universal", "--no-build", "--generate-hashes"):
            assert option in line


def test_present_versions_are_offered_without_their_checksums(root):
    """uv would keep the checksums too, also one that somebody slipped in."""
    lock(root)
    assert "django==5.2.19\n" in (root / "answers/kept").read_text()
    assert "--hash" not in (root / "answers/kept").read_text()


def test_an_upgrade_forgets_the_present_versions(root):
    assert lock(root, "--upgrade").returncode == 0
    assert not (root / "answers/kept").exists()


def test_a_check_of_what_is_current_says_nothing(root):
    done = lock(root, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_file_that_came_to_the_index_later_is_no_fault(root):
    later = LOCK.replace("sha256:cc", "sha256:bb \\\n    --hash=sha256:cc")
    for listed in LISTS:
        (root / "answers" / listed).with_suffix(".lock").write_text(later)
    assert lock(root, "--check").returncode == 0


CHANGES = {
    "a checksum that the index does not know": ("sha256:aa", "sha256:ee"),
    "one checksum more than the index has": ("aa \\", "aa \\\n    --hash=sha256:ee \\"),
    "another version": ("5.2.19", "5.2.18"),
    "another package": ("django", "djangoo"),
    "another origin": ("-r requirements.txt", "-r elsewhere.txt"),
    "nothing": (LOCK, ""),
}


@pytest.mark.parametrize("listed", ["requirements.txt", "tests/e2e/requirements.txt"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_check_names_the_lock_that_differs(root, listed, change):
    path = (root / listed).with_suffix(".lock")
    path.write_text(LOCK.replace(*change))
    done = lock(root, "--check")
    assert done.returncode == 1
    assert f"\n{listed.removesuffix('txt')}lock is not what .ci/lock" in done.stderr
    assert path.read_text() == LOCK.replace(*change)  # it only looks


def test_a_missing_lock_is_named(root):
    (root / "requirements-dev.lock").unlink()
    done = lock(root, "--check")
    assert done.returncode == 1
    assert "requirements-dev.lock is not what .ci/lock" in done.stderr


def test_without_uv_it_says_how_to_get_it(root):
    (root / ".venv" / "bin" / "uv").unlink()
    done = lock(root)
    assert done.returncode == 1
    assert "python3 manage.py test" in done.stderr


def test_an_unknown_option_is_refused(root):
    assert lock(root, "--upgade").returncode == 2
    assert not (root / "answers/asked").exists()
