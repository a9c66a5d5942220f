"""Only the very files that the locks name are installed, into a fresh environment."""

import hashlib
import shutil
import subprocess
import sys
import zipfile

import pytest

from project import bootstrap

# The smallest wheel that pip installs.
WHEEL = {
    "grapes.py": "SWEET = True\n",
    "grapes-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: grapes\n"
    "Version: 1.0\n",
    "grapes-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
    "Tag: py3-none-any\n",
    "grapes-1.0.dist-info/RECORD": "",
}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """Make one environment, as the bootstrap makes it: empty but for pip."""
    venv = tmp_path_factory.mktemp("fresh") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    return venv


@pytest.fixture
def root(monkeypatch, tmp_path, fresh):
    """Return a root whose index offers one package; it is gone again afterwards."""
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", fresh)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with zipfile.ZipFile(tmp_path / "grapes-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in WHEEL.items():
            wheel.writestr(name, text)
    yield tmp_path
    for path in installed(fresh):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture
def checksum(root):
    wheel = root / "grapes-1.0-py3-none-any.whl"
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def install(root, lock):
    (root / "requirements.lock").write_text(lock)
    bootstrap._install(("requirements.lock",))


def installed(venv):
    return [
        *venv.rglob("grapes*.py*"),
        *venv.rglob("grapes-*"),
        *venv.glob("installed-*"),
    ]


def test_the_file_that_the_lock_names_is_installed(root, fresh, checksum):
    install(root, f"grapes==1.0 --hash=sha256:{checksum}\n")
    assert "grapes.py" in {path.name for path in installed(fresh)}
    assert bootstrap._is_installed(("requirements.lock",))


def test_another_file_is_refused_by_its_name(root, fresh, checksum):
    tampered = checksum[::-1]
    with pytest.raises(SystemExit) as refused:
        install(root, f"grapes==1.0 --hash=sha256:{tampered}\n")
    assert str(refused.value) == bootstrap.ANOTHER_PACKAGE.format(package="grapes==1.0")
    assert installed(fresh) == []


REFUSED = {
    "no checksum": "grapes==1.0\n",
    "a range of versions": "grapes~=1.0 --hash=sha256:{checksum}\n",
}


@pytest.mark.parametrize("lock", REFUSED.values(), ids=REFUSED)
def test_nothing_is_installed_without_a_checksum(root, fresh, checksum, lock):
    with pytest.raises(SystemExit, match="pip could not install"):
        install(root, lock.format(checksum=checksum))
    assert installed(fresh) == []


def test_nothing_is_built_even_if_the_lock_names_its_source(root, fresh):
    (root / "grapes-1.0-py3-none-any.whl").unlink()
    source = root / "grapes-1.0.tar.gz"
    source.write_bytes(b"a build of this would run its setup.py")
    checksum = hashlib.sha256(source.read_bytes()).hexdigest()
    with pytest.raises(SystemExit, match=r"has no grapes==1\.0 that is ready"):
        install(root, f"grapes==1.0 --hash=sha256:{checksum}\n")
    assert installed(fresh) == []
