"""The admin's colours: readable by their numbers, in light and in dark."""

import re

import pytest
from django.conf import settings

SKIN = settings.BASE_DIR / "certstates" / "static" / "certstates" / "skin.css"
DECLARED = dict(re.findall(r"^ +--([\w-]+): ([^;]+);", SKIN.read_text(), re.MULTILINE))
SCHEMES = ("light", "dark")
STATES = ("good", "progress", "alarm", "done")
PAGES = ("body-bg", "darkened-bg")

# What is written, and what it stands on.
PAIRS = [
    *((f"state-{state}", page) for state in STATES for page in PAGES),
    *((f"state-{state}", f"state-{state}-soft") for state in STATES),
    *(
        (text, page)
        for text in ("body-fg", "body-quiet-color", "link-fg")
        for page in PAGES
    ),
    *(("body-fg", f"message-{kind}-bg") for kind in ("success", "warning", "error")),
    *(
        (text, row)
        for text in ("body-fg", "link-fg")
        for row in ("selected-row", "selected-bg")
    ),
    *(("button-fg", f"{button}-bg") for button in ("button", "button-hover")),
    *(
        ("button-fg", f"{button}-button-bg")
        for button in ("default", "close", "delete")
    ),
    *(
        ("button-fg", f"{button}-button-hover-bg")
        for button in ("default", "close", "delete")
    ),
    ("primary-fg", "primary"),
]


def colour(name, scheme):
    """Return red, green and blue of a variable, as parts of one."""
    value = DECLARED[name]
    if other := re.fullmatch(r"var\(--(.+)\)", value):
        return colour(other[1], scheme)
    shades = re.findall(r"#([0-9a-f]{6})", value)
    shade = shades[SCHEMES.index(scheme) % len(shades)]
    return [int(shade[n : n + 2], 16) / 255 for n in (0, 2, 4)]


def luminance(parts):
    """Source: WCAG 2.2, relative luminance."""
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(text, ground, scheme):
    assert contrast(colour(text, scheme), colour(ground, scheme)) >= 4.5
