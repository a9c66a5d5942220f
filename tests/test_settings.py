"""Settings: defaults that run, and wrong values that say which variable is wrong."""

import os
import re
import secrets
import subprocess
import sys

import pytest
from django.conf import settings

READ = "from project import settings; print(settings.{name})"


def read(name, **environment):
    """Import the settings in a process of their own; return code, output, errors."""
    done = subprocess.run(
        [sys.executable, "-c", READ.format(name=name)],
        check=False,
        capture_output=True,
        cwd=settings.BASE_DIR,
        env={"PATH": os.defpath, **environment},
        text=True,
    )
    return done.returncode, done.stdout.strip(), done.stderr


SINGLE_SIGN_ON = {
    "STAFF_OIDC_ISSUER": "https://login.example/realms/staff",
    "STAFF_OIDC_CLIENT_ID": "certstates",
    "STAFF_OIDC_CLIENT_SECRET": "secret@that-both-know",
    "STAFF_OIDC_GROUPS": "a=b=Viewer, c=Administrator",
}
URL = "postgresql://somebody:secret@db.example:5433/records"


def test_an_empty_environment_is_enough():
    assert read("DEBUG") == (0, "False", "")
    assert "/tmp/certstates-" in read("DATABASES")[1]


def test_a_database_of_ones_own_is_used():
    code, out, _ = read("DATABASES", DATABASE_URL=URL, SECRET_KEY="x")
    assert code == 0
    assert "db.example" in out
    assert "5433" in out


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DEBUG": "maybe"}, "DEBUG must be on or off, not 'maybe'"),
        ({"MAX_BODY_SIZE": "1M"}, "MAX_BODY_SIZE must be a whole number from 0 to"),
        (
            {"ACCESS_TOKEN_LIFETIME": "0"},
            "TOKEN_LIFETIME must be a whole number from 1 to 1440, not '0'",
        ),
        ({"ACCESS_TOKEN_LIFETIME": "1h"}, "ACCESS_TOKEN_LIFETIME must be a whole"),
        ({"PUBLIC_URL": "certs.example"}, "PUBLIC_URL must be an address such as"),
        ({"STATEMENT_TIMEOUT": "-1"}, "STATEMENT_TIMEOUT must be a whole number"),
        ({"CREATE_REQUIRES": "x"}, "CREATE_REQUIRES must be one of documented, meta"),
        ({"BEHIND_TLS_PROXY": "x"}, "BEHIND_TLS_PROXY must be on or off"),
        ({"STAFF_OIDC_ISSUER": "http://login.example"}, "STAFF_OIDC_ISSUER must be"),
        ({"STAFF_OIDC_ISSUER": "https://x@y.example"}, "STAFF_OIDC_ISSUER must be"),
        ({"STAFF_OIDC_GROUPS": "Viewer"}, "STAFF_OIDC_GROUPS must be pairs such as"),
        ({"STAFF_OIDC_GROUPS": "a=,b=Viewer"}, "STAFF_OIDC_GROUPS must be pairs such"),
        ({"PASSWORD_WORDS": "contoso,it"}, "PASSWORD_WORDS must be words of 4 letters"),
        ({"PASSWORD_SIGN_IN": "no"}, "PASSWORD_SIGN_IN must be on or off, not 'no'"),
        ({"PASSWORD_SIGN_IN": "off"}, "PASSWORD_SIGN_IN is off without STAFF_OIDC_IS"),
        *(
            (SINGLE_SIGN_ON | {name: ""}, f"{name} is not set, and belongs to STAFF_O")
            for name in SINGLE_SIGN_ON
        ),
        ({"DATABASE_URL": URL}, "SECRET_KEY is not set. Make one with: "),
        (
            {"SECRET_KEY": "x", "DATABASE_URL": "mysql://x:secret@y/z"},
            "DATABASE_URL must begin with postgresql://",
        ),
        (
            {"SECRET_KEY": "x", "DATABASE_URL": "odd://x:secret@y"},
            "DATABASE_URL is not a database address",
        ),
        (
            {"SECRET_KEY": "x", "DATABASE_URL": "x:secret@y"},
            "DATABASE_URL is not a database address",
        ),
    ],
)
def test_a_wrong_value_is_explained_in_one_sentence(environment, words):
    code, _, err = read("DEBUG", **environment)
    assert code == 1
    last = err.strip().splitlines()[-1]
    assert words in last
    assert "secret@" not in err


def test_a_command_shows_the_sentence_and_no_traceback():
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        check=False,
        capture_output=True,
        cwd=settings.BASE_DIR,
        env={"DATABASE_URL": URL},
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("migrate: SECRET_KEY is not set.")
    assert len(done.stderr.splitlines()) == 1


def test_production_is_strict_by_default():
    for name in ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"):
        assert read(name)[1] == "True"
        assert read(name, DEBUG="on")[1] == "False"


def test_single_sign_on_is_off_until_it_is_set_up():
    passwords, sso = "staff.backends.StaffBackend", "staff.sso.SingleSignOn"
    backends = read("AUTHENTICATION_BACKENDS")[1]
    assert passwords in backends
    assert sso not in backends
    backends = read("AUTHENTICATION_BACKENDS", **SINGLE_SIGN_ON)[1]
    assert passwords in backends
    assert sso in backends
    alone = SINGLE_SIGN_ON | {"PASSWORD_SIGN_IN": "off"}
    assert passwords not in read("AUTHENTICATION_BACKENDS", **alone)[1]
    pairs = "[('a=b', 'Viewer'), ('c', 'Administrator')]"
    assert read("STAFF_OIDC_GROUPS", **SINGLE_SIGN_ON)[1] == pairs


def test_one_variable_says_whose_certificates_are_trusted():
    assert read("OIDC_VERIFY_SSL")[1] == "True"
    assert read("OIDC_VERIFY_SSL", SSL_CERT_FILE="/etc/ca.pem")[1] == "/etc/ca.pem"


@pytest.mark.parametrize(
    "environment",
    [{}, SINGLE_SIGN_ON, SINGLE_SIGN_ON | {"PASSWORD_SIGN_IN": "off"}],
    ids=["passwords", "both", "single sign-on"],
)
def test_a_deployment_has_no_finding(environment):
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        check=False,
        capture_output=True,
        cwd=settings.BASE_DIR,
        # A database that is not there has nothing to say.
        env={
            "PATH": os.defpath,
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "SECRET_KEY": "x-very-long-" + secrets.token_urlsafe(50),
            **environment,
        },
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout + done.stderr


def test_the_local_secret_key_is_kept_and_private():
    key = read("SECRET_KEY")[1]
    assert len(key) > 50
    assert read("SECRET_KEY")[1] == key
    path = settings.BASE_DIR / ".data" / "secret_key"
    assert path.stat().st_mode & 0o077 == 0


def test_every_variable_is_documented():
    project = settings.BASE_DIR / "project"
    source = "".join(
        (project / name).read_text() for name in ("environment.py", "settings.py")
    )
    names = set(re.findall(r'env_\w+\(\s*"(\w+)"', source))
    names |= set(re.findall(r'environ\.get\("(\w+)"\)', source))
    assert "DATABASE_URL" in names
    page = (settings.BASE_DIR / "docs" / "settings.md").read_text()
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []
