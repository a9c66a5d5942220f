"""The rules of ``.semgrep/``: each finds what it is there for, and lets the rest pass.

``tests/semgrep/`` has the examples, in semgrep's own form: the line after ``ruleid``
must be found, and the line after ``ok`` must not.
"""

import itertools
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.conf import settings

HOUSE = Path(settings.BASE_DIR)
RULES = HOUSE / ".semgrep"
EXAMPLES = HOUSE / "tests/semgrep"
FILES = sorted(RULES.iterdir())
ALLOWED = re.compile(r"# nosemgrep(?P<rest>.*)")

needs_semgrep = pytest.mark.skipif(
    not (HOUSE / ".data/semgrep/installed.lock").exists(),
    reason="semgrep is not installed; .ci/semgrep does it",
)


def rules_of(file):
    return yaml.safe_load(file.read_text())["rules"]


def rule_ids():
    return [rule["id"] for file in FILES for rule in rules_of(file)]


def examples_of(file):
    return "".join(path.read_text() for path in EXAMPLES.glob(f"{file.stem}.*"))


def semgrep(*arguments):
    return subprocess.run(
        [HOUSE / ".ci/semgrep", *map(str, arguments)],
        cwd=HOUSE,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def copies(tmp_path):
    """Rules and examples; semgrep looks for no tests of rules in a hidden folder."""
    shutil.copytree(RULES, tmp_path / "rules")
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    return tmp_path


def try_examples(copies):
    return semgrep("--test", "--config", copies / "rules", copies / "examples")


@needs_semgrep
def test_each_rule_finds_its_bad_examples_and_no_good_one(copies):
    done = try_examples(copies)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All tests passed" in done.stdout


@needs_semgrep
@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("# ruleid: orm-keywords\n", "# ok: orm-keywords\n"),
        ("# ok: orm-keywords\n", "# ruleid: orm-keywords\n"),
    ],
    ids=["found", "passed"],
)
def test_a_rule_that_does_otherwise_is_noticed(copies, was, becomes):
    for file in [*copies.rglob("*.*")]:
        if file.stem != "orm":
            file.unlink()
    example = copies / "examples/orm.py"
    example.write_text(example.read_text().replace(was, becomes, 1))
    assert try_examples(copies).returncode != 0


@needs_semgrep
def test_a_finding_in_the_sources_is_a_failure(tmp_path):
    source = tmp_path / "views.py"
    source.write_text("def view(request):\n    records.filter(**request.GET)\n")
    done = semgrep("--error", "--quiet", "--config", ".semgrep", source)
    assert done.returncode == 1
    assert "orm-keywords" in done.stdout


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_rule_says_what_to_do_and_has_both_examples(file):
    examples = examples_of(file)
    for rule in rules_of(file):
        assert rule["id"].startswith(f"{file.stem}-")
        assert rule["severity"] == "ERROR"
        assert len(rule["message"].split(". ")) > 1, rule["id"]
        assert re.search(rf"ruleid: (\S+, )?{rule['id']}\b", examples), rule["id"]
        assert re.search(rf"ok: {rule['id']}\b", examples), rule["id"]


def test_no_two_rules_have_one_id():
    assert len(rule_ids()) == len({*rule_ids()}) >= 20


@pytest.mark.parametrize("folder", ["certstates", "project", "bench", "templates"])
def test_an_exception_names_its_rule_and_its_reason(folder):
    for path in (HOUSE / folder).rglob("*.*"):
        if path.suffix not in {".py", ".html"}:
            continue
        for found in ALLOWED.finditer(path.read_text()):
            said = re.fullmatch(r": (?P<id>[\w-]+) -- \S.{7,}", found["rest"])
            assert said, f"{path}: {found[0]}"
            assert said["id"] in rule_ids(), f"{path}: {found[0]}"


def test_nothing_of_semgrep_is_taken_from_the_network_unseen():
    lock = (HOUSE / "requirements-semgrep.lock").read_text()
    assert "://" not in lock
    pins = [line for line in lock.splitlines() if re.match(r"[a-z0-9]", line)]
    assert all("==" in pin for pin in pins)
    assert lock.count("==") <= lock.count("--hash=sha256:")
    [wanted] = re.findall(
        r"^semgrep==\S+", (HOUSE / "requirements-semgrep.txt").read_text(), re.MULTILINE
    )
    assert f"\n{wanted} " in lock
    script = (HOUSE / ".ci/semgrep").read_text()
    assert "--require-hashes" in script
    assert "--metrics=off --disable-version-check" in script


@pytest.mark.parametrize("name", ["certstates", "project", "bench", "manage.py"])
def test_an_exception_to_bandit_names_its_rule_and_its_reason(name):
    here = HOUSE / name
    for path in [here] if here.is_file() else here.rglob("*.py"):
        lines = path.read_text().splitlines()
        for before, line in itertools.pairwise(["", *lines]):
            if "nosec" in line.replace("nosecond", ""):
                said = re.search(r"# nosec B\d{3}(?P<reason> # \S.{7,})?$", line)
                assert said, f"{path}: {line}"
                assert said["reason"] or "  # " in f" {before}", f"{path}: {line}"
