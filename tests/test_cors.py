"""Pages of other origins: off by default, and then for those that are named."""

import pytest

from tests.make import URL, HttpsClient, error_of
from tests.test_settings import read

TOOL = "https://tool.example"
PREFLIGHT = {
    "Origin": TOOL,
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization,if-match,content-type",
}


@pytest.fixture
def open_to_the_tool(settings):
    settings.CORS_ALLOWED_ORIGINS = [TOOL]
    outermost, *others = settings.MIDDLEWARE
    settings.MIDDLEWARE = [
        outermost,
        "corsheaders.middleware.CorsMiddleware",
        *others,
    ]


def test_by_default_no_page_of_another_origin_may_read(reader):
    response = reader.get(URL, headers={"Origin": TOOL})
    assert response.status_code == 200
    assert not [name for name in response.headers if "access-control" in name.lower()]
    assert read("CORS_ALLOWED_ORIGINS")[1] == "[]"
    assert "corsheaders" not in read("MIDDLEWARE")[1]


def test_a_named_origin_may_read_and_write(reader, stranger, open_to_the_tool):
    response = stranger.options(f"{URL}/a", headers=PREFLIGHT)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == TOOL
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
    for name in ("authorization", "if-match", "prefer", "client-request-id"):
        assert name in response.headers["Access-Control-Allow-Headers"]
    response = reader.get(URL, headers={"Origin": TOOL})
    assert response.headers["Access-Control-Allow-Origin"] == TOOL
    assert "Retry-After" in response.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert {"origin", "Authorization"} <= {*response.headers["Vary"].split(", ")}


def test_a_refusal_can_be_read_too(stranger, open_to_the_tool):
    response = stranger.get(URL, headers={"Origin": TOOL})
    error_of(response, 401, "InvalidAuthenticationToken")
    assert response.headers["Access-Control-Allow-Origin"] == TOOL


@pytest.mark.parametrize("origin", ["https://other.example", "null", f"{TOOL}.evil"])
def test_no_other_origin_may(reader, open_to_the_tool, origin):
    response = reader.get(URL, headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in response.headers


def test_pages_for_staff_are_never_open(db, open_to_the_tool):
    response = HttpsClient().get("/admin/login/", headers={"Origin": TOOL})
    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("origin", ["*", "tool.example", f"{TOOL}/", f"{TOOL}/path"])
def test_a_wrong_origin_is_explained(origin):
    code, _, err = read("DEBUG", CORS_ORIGINS=origin)
    assert code == 1
    assert "CORS_ORIGINS must be origins such as" in err.strip().splitlines()[-1]


def test_the_setting_installs_what_it_needs():
    assert "corsheaders" in read("MIDDLEWARE", CORS_ORIGINS=TOOL)[1]
