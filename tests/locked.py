"""The locks as tests read them: each package with its version and its checksums."""

import re

from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = settings.BASE_DIR
LISTS = sorted([*ROOT.glob("requirements*.txt"), ROOT / "tests/e2e/requirements.txt"])


def lock_of(listed):
    return listed.with_suffix(".lock")


def entries(lock):
    """Yield (requirement, checksums) of every package of a lock."""
    for entry in re.split(r"\n(?=\w)", lock.read_text(encoding="utf-8"))[1:]:
        line = entry.partition("\n")[0].removesuffix(" \\")
        hashes = re.findall(r"^    --hash=sha256:([0-9a-f]{64})\b", entry, re.MULTILINE)
        yield Requirement(line), hashes


def versions(lock):
    """Return {name: version}; whatever is not pinned to one version fails here."""
    found = {}
    for requirement, _ in entries(lock):
        [pin] = requirement.specifier
        assert pin.operator == "==", requirement
        found[canonicalize_name(requirement.name)] = pin.version
    return found


def direct(listed):
    """Return the requirements of a list, and of the lists that it includes."""
    requirements = []
    for line in listed.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            requirements += direct(listed.parent / text.removeprefix("-r "))
        elif text:
            requirements.append(Requirement(text))
    return requirements
