"""Imports point one way: the doors lead to the models, and nothing leads back."""

import ast

import pytest
from django.conf import settings

HOUSE = settings.BASE_DIR / "certstates"


def imports_of(path):
    """Yield the modules of the house that a file imports, also late."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module] if isinstance(node, ast.ImportFrom) else []
        names += [name.name for name in getattr(node, "names", []) if not names]
        if names == ["certstates"]:
            names = [f"certstates.{name.name}" for name in node.names]
        yield from (name for name in names if name.startswith("certstates"))


def imported_by(*patterns):
    """Return what some files of the house import, each by the file's name."""
    paths = {path for pattern in patterns for path in HOUSE.glob(pattern)}
    assert paths
    return {
        (path.relative_to(HOUSE).as_posix(), name)
        for path in paths
        for name in imports_of(path)
    }


@pytest.mark.parametrize(
    ("files", "rooms"),
    [
        ("models/*.py", ["models"]),
        ("statistics.py", ["models"]),
        ("transactions.py", []),
        ("cells.py", []),
        ("stories.py", ["models", "transactions"]),
        (
            "testbench/*.py",
            [
                "addresses",
                "errors",
                "history",
                "middleware",
                "models",
                "oauth",
                "parsers",
                "stories",
                "testbench",
                "transactions",
                "views",
            ],
        ),
        ("testbench/server.py", []),
        ("testbench/plugin.py", ["testbench"]),
        ("sheets.py", []),
        ("printing.py", ["cells", "edm", "models", "odata"]),
        ("usages.py", []),
        ("copying.py", []),
        ("logs.py", []),
        ("history.py", ["logs", "models"]),
        ("reverting*.py", ["models", "reverting_sql", "transactions"]),
        ("seeding/*.py", ["models", "seeding"]),
        ("edm.py", ["models"]),
        ("callers.py", []),
        ("permissions.py", ["callers", "models"]),
        ("throttling.py", ["callers", "errors", "models"]),
        ("tokens.py", ["callers", "models"]),
        ("oidc/*.py", ["callers", "errors", "logs", "oidc"]),
        ("authentication.py", ["callers", "history", "logs", "oidc", "tokens"]),
        (
            "monitoring/*.py",
            [
                *("cells", "errors", "models", "monitoring", "negotiation", "odata"),
                *("addresses", "service_views", "statistics", "views"),
            ],
        ),
        ("staff/*.py", ["logs", "models", "oidc", "staff"]),
        ("staff/attempts.py", ["logs", "staff"]),
        (
            "oauth/*.py",
            ["addresses", "logs", "models", "oauth", "staff", "throttling", "tokens"],
        ),
        (
            "sync/*.py",
            [
                "addresses", "edm", "errors", "history", "importer", "models",
                "parsers", "serializers", "sources", "sync", "transactions",
            ],
        ),
    ],
)  # fmt: skip
def test_a_room_knows_only_those_below_it(files, rooms):
    above = {
        (file, name)
        for file, name in imported_by(files)
        if name.split(".")[1] not in rooms
    }
    assert not above


def test_the_admin_is_known_to_its_site_and_its_templates_only():
    outside = {
        file
        for file, name in imported_by("**/*.py")
        if name.startswith("certstates.admin") and not file.startswith("admin/")
    }
    assert outside == {"dashboard.py", "templatetags/saved_searches.py"}


def test_only_up_and_the_settings_know_the_test_bench():
    outside = {
        file
        for file, name in imported_by("**/*.py")
        if name.startswith("certstates.testbench") and not file.startswith("testbench/")
    }
    assert outside == {"management/commands/up.py"}
