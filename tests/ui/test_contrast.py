"""The look's colours against WCAG 2.2: 4.5 for text, 3 for what must be seen but not read."""

import re

import pytest
from django.conf import settings

CSS = (settings.BASE_DIR / "static/css/app.css").read_text()
TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\);", CSS)
}
TEXT = [
    (ink, ground)
    for ink in ("ink", "ink-2", "pen", "pen-strong", "good", "warn", "bad")
    for ground in ("paper", "surface")
] + [
    ("ink", "surface-2"),
    ("ink-2", "surface-2"),
    ("ink", "marker-soft"),
    ("ink", "marker-line"),
    ("ink", "pen-soft"),
    ("on-marker", "marker"),
    ("on-act", "act"),
    ("on-act", "act-strong"),
    ("on-bad", "bad"),
    ("pen-strong", "pen-soft"),
    ("good", "good-soft"),
    ("warn", "warn-soft"),
    ("bad", "bad-soft"),
]
SEEN = [
    (mark, ground)
    for mark in ("line-strong", "focus", "star", "act")
    for ground in ("paper", "surface")
]


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "ground", "least"),
    [(*pair, 4.5) for pair in TEXT] + [(*pair, 3) for pair in SEEN],
)
def test_contrast(front, ground, least, scheme):
    ratio = _contrast(TOKENS[front][scheme], TOKENS[ground][scheme])
    assert ratio >= least, f"{front} on {ground}: {ratio:.2f}"


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_avatars_can_be_read(scheme):
    tones = re.findall(
        r"background: light-dark\((#\w+), (#\w+)\);\s+color: light-dark\((#\w+), (#\w+)\);", CSS
    )
    assert len(tones) == 6
    for tone in tones:
        assert _contrast(tone[scheme], tone[2 + scheme]) >= 4.5


def test_catalogue_names_only_classes_that_are_there():
    catalogue, _, rules = CSS.partition("*/")
    named = set(re.findall(r"(?<![\w/])\.([a-z][\w-]+)(?!\w*\.(?:html|css))", catalogue))
    missing = {name for name in named if f".{name}" not in rules} - {"html", "css", "status-"}
    assert not missing
