"""The documents name things that are there."""

import re
from itertools import chain
from pathlib import Path

import pytest
from django.conf import settings

from payments.handlers import HANDLERS

ROOT: Path = settings.BASE_DIR
PAGES = sorted(
    path.relative_to(ROOT)
    for path in chain(ROOT.glob("*.md"), ROOT.glob("docs/**/*.md"), ROOT.glob("payments/**/*.md"))
)
VARIABLE = re.compile(r"^([A-Z][A-Z_]+)=", re.MULTILINE)
# A path of ours in backticks: it begins with one of these and has no placeholder in it.
OURS = re.compile(
    r"`((?:mentormatch|bookings|payments|sessions_app|reviews|templates|static|tests|scripts|docs"
    r"|locale)/[\w./-]+)`"
)


def read(name: str | Path) -> str:
    return (ROOT / name).read_text()


def anchors(page: Path) -> set[str]:
    """The addresses of a page's headings, as they are made of their text."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("document", PAGES, ids=str)
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", read(document)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        linked = ROOT / document.parent / name if name else ROOT / document
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@pytest.mark.parametrize("document", [p for p in PAGES if "decisions" not in p.parts], ids=str)
def test_paths_exist(document):
    for name in OURS.findall(read(document)):
        assert (ROOT / name).exists(), name


def test_every_variable_is_explained():
    example = set(VARIABLE.findall(read(".env.example")))
    explained = set(re.findall(r"`([A-Z][A-Z_]+)`", read("docs/configuration.md")))
    assert example <= explained
    assert "DATABASE_URL" in example


def test_every_command_of_make_exists():
    targets = set(re.findall(r"^\.PHONY: (.+)$", read("Makefile"), re.MULTILINE)[0].split())
    for page in PAGES:
        assert set(re.findall(r"`make ([a-z-]+)`", read(page))) <= targets, page
    assert "stress" in targets


def test_every_event_that_is_handled_is_to_be_subscribed_to():
    section = read("docs/stripe.md").partition("## Step 2")[2].partition("## Step 3")[0]
    events = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", section))
    assert events == set(HANDLERS)


def test_every_decision_is_listed():
    listed = set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", read("docs/decisions/README.md")))
    numbers = [path.name[:4] for path in (ROOT / "docs/decisions").glob("0*.md")]
    assert listed == {path.name for path in (ROOT / "docs/decisions").glob("0*.md")}
    assert len(numbers) == len(set(numbers))
