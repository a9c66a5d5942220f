"""Accessibility of an open page, by the rules of axe-core."""

from tests.e2e.clients import SDK, need_sdk

AXE = SDK / "node_modules" / "axe-core" / "axe.min.js"
# What WCAG 2.2 demands at level AA, and what axe-core advises beyond.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page):
    """Return a sentence for each element that breaks a rule."""
    need_sdk(AXE, wanted="package-lock.json")
    # By the debugger's door, which the page's Content-Security-Policy leaves open.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    # (To preload style sheets, it would write inline ones of its own.)
    found = page.evaluate("runOnly => axe.run({runOnly, preload: false})", RULES)
    # It leaves open whether text in the colour of its ground is meant to be hidden.
    hidden = [
        {**rule, "nodes": [node for node in rule["nodes"] if is_invisible(node)]}
        for rule in found["incomplete"]
    ]
    return [
        f"{rule['id']} at {' '.join(map(str, node['target']))}: "
        f"{' '.join(node['failureSummary'].split())} {node['html'][:200]}"
        for rule in [*found["violations"], *hidden]
        for node in rule["nodes"]
    ]


def is_invisible(node):
    """Return whether a text has the very colour that it stands on."""
    reasons = [(check["data"] or {}).get("messageKey") for check in node["any"]]
    return "equalRatio" in reasons


def assert_accessible(page):
    found = violations(page)
    assert not found, f"{page.url}\n" + "\n".join(found)
