"""What the server shows of itself: nothing that was not meant to be seen."""

import pytest

from tests.make import HttpsClient

pytestmark = pytest.mark.django_db

HIDDEN = [
    "/.git/config",
    "/.git/HEAD",
    "/.env",
    "/manage.py",
    "/project/settings.py",
    "/requirements.lock",
    "/.data/secret_key",
    "/static/",
    "/static/certstates/",
    "/static/admin/",
    "/static/../manage.py",
    "/static/..%2fmanage.py",
    "/static/%2e%2e/.data/secret_key",
    "/static//etc/passwd",
    "/server-status",
    "/__debug__/",
    "/docs/.git/config",
    "/admin/doc/",
]


@pytest.mark.parametrize("path", HIDDEN)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_neither_files_nor_folders_nor_tools_are_shown(staff, path, accept):
    response = staff.get(path, headers={"Accept": accept})
    assert response.status_code in (400, 404)
    for word in (b"[core]", b"SECRET", b"INSTALLED_APPS", b"Index of", b"root:"):
        assert word not in response.content


@pytest.mark.parametrize("path", ["/", "/docs/", "/admin/login/", "/beta/$metadata"])
def test_nothing_is_echoed_by_trace(path):
    response = HttpsClient().generic("TRACE", path, headers={"X-Echo": "echoed-back"})
    assert response.status_code in (400, 403, 405)
    assert b"echoed-back" not in response.content


def test_no_answer_names_the_software_or_its_version():
    for path in ("/", "/admin/login/", "/beta/"):
        headers = HttpsClient().get(path).headers
        assert not {"Server", "X-Powered-By", "X-Version"} & {*headers}
