"""The watchers themselves: each sees the trouble that it is there for."""

import pytest
from django.conf import settings

from tests.e2e.axe import violations
from tests.e2e.watch import Watch

pytestmark = pytest.mark.browser

HERE = "http://here.invalid"
HEAD = '<!doctype html><html lang="en"><title>A page</title>'
POLICY = "; ".join(
    f"{name} {' '.join(sources)}"
    for name, sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
)
# What stands on a page, and a part of what is said about it.
TROUBLES = {
    "an inline style": ('<p style="color: red">', "style-src-attr forbids inline"),
    "an inline script": ("<script>1</script>", "script-src-elem forbids inline"),
    "a handler": ('<img src="data:," alt="" onerror="1">', "script-src-attr forbids"),
    "a foreign picture": (
        '<img src="//there.invalid/x.png" alt="">',
        "img-src forbids",
    ),
    "a crash of a script": ('<script src="/crash.js"></script>', "no such thing"),
    "a failing request": ('<script src="/500.js"></script>', "500 of"),
    "an unexpected refusal": ('<script src="/404.js"></script>', "404 of"),
    "a page that is too wide": ('<img src="/wide.svg" alt="" id="wide">', "IMG#wide"),
}
WIDE = '<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="10"/>'
FILES = {
    "/crash.js": {"body": "throw new Error('no such thing')"},
    "/wide.svg": {"body": WIDE, "content_type": "image/svg+xml"},
    "/500.js": {"status": 500},
    "/404.js": {"status": 404},
}


@pytest.fixture
def seen(browser):
    """Return a function that shows a body in a page, and tells what was noticed."""
    context = browser.new_context(viewport={"width": 390, "height": 800})
    watch = Watch(context, origin=HERE)
    page = context.new_page()

    def show(body):
        def answer(route):
            path = route.request.url.removeprefix(HERE)
            headers = {"Content-Security-Policy": POLICY}
            html = {
                "body": f"{HEAD}{body}",
                "headers": {**headers, "Content-Type": "text/html"},
            }
            route.fulfill(**FILES.get(path, html))

        page.route("**/*", answer)
        page.goto(f"{HERE}/")
        page.wait_for_timeout(50)  # the console speaks a moment later
        watch.see_width(page)
        return page, watch.take()

    yield show
    context.close()


@pytest.mark.parametrize("trouble", TROUBLES)
def test_it_sees(seen, trouble):
    body, part = TROUBLES[trouble]
    _, troubles = seen(body)
    assert any(part in told for told in troubles), troubles


def test_it_sees_nothing_where_nothing_is(seen):
    page, troubles = seen("<main><h1>All is well</h1></main>")
    assert troubles == []
    assert violations(page) == []


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<main><h1>A</h1><img src="data:,"></main>', "image-alt"),
        ("<main><h1>A</h1><input></main>", "label"),
        ("<main><p>No heading</p></main>", "page-has-heading-one"),
        ('<main><h1><font color="#fefefe">Pale</font></h1></main>', "color-contrast"),
        ('<main><h1><font color="#ffffff">Gone</font></h1></main>', "color-contrast"),
    ],
)
def test_axe_is_asked(seen, body, rule):
    page, _ = seen(body)
    assert any(found.startswith(rule) for found in violations(page))


def test_it_sees_where_a_page_leads(seen):
    page, _ = seen('<main><h1>A</h1><a href="http://there.invalid/">Away</a></main>')
    with page.expect_request("http://there.invalid/"):
        page.get_by_role("link").click()
    _, troubles = seen("<main><h1>Back</h1></main>")
    assert any("asks http://there.invalid/" in told for told in troubles), troubles
