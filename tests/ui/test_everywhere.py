"""What must hold on every page: it is there, valid HTML, and keeps to the rules of the house."""

import json
import shutil
import subprocess
from pathlib import Path

import html5lib
import pytest
from django.test import Client

from tests.pages import assert_clean
from tests.ui import everywhere
from tests.ui.test_german import left_in_english

HTML_VALIDATE = shutil.which("html-validate")
# Of the recommended rules, those that are matters of taste: whitespace, and how a void tag ends.
RULES = {
    "extends": ["html-validate:recommended"],
    "rules": {
        "no-trailing-whitespace": "off",
        "void-style": "off",
        "attribute-boolean-style": "off",
        "doctype-style": "off",
        "long-title": "off",
        # A list may have a name, and several boxes that are ticked for one question share theirs.
        "aria-label-misuse": ["error", {"allowAnyNamable": True}],
        "form-dup-name": ["error", {"shared": ["checkbox", "radio", "submit", "button"]}],
    },
}


IN_ENGLISH = {"styleguide"}  # for those who build the site


@pytest.fixture(params=["en", "de"])
def found(request, transactional_db):
    """The HTML of every page, in that language, by name and address."""
    here = everywhere.world(request.param)
    html = {}
    for page in everywhere.pages(here):
        client = Client(headers={"accept-language": request.param})
        if page.user:
            client.force_login(page.user)
        answer = client.get(page.path, follow=page.name == "account_reset_password_from_key")
        assert answer.status_code == (404 if page.name == "404" else 200), page
        html[page] = answer.content.decode()
    return html


@pytest.mark.django_db(transaction=True)
def test_the_list_is_complete():
    here = everywhere.world()
    listed = {page.name for page in everywhere.pages(here)} - {"404", "admin:index"}
    assert listed | everywhere.NOT_PAGES.keys() == everywhere.names()
    assert not listed & everywhere.NOT_PAGES.keys()


def test_valid_and_clean(found, tmp_path):
    problems = {page: problem for page, html in found.items() if (problem := wrong(page, html))}
    assert problems == {}
    if HTML_VALIDATE:
        validate(found, tmp_path)


def wrong(page: everywhere.Page, html: str) -> str:
    """What is wrong with it by html5lib's strict parser, by our own rules, or to a German."""
    try:
        html5lib.HTMLParser(strict=True).parse(html)
        if not page.name.startswith(("admin:", "stripe_emulator:")):
            assert_clean(html)
        if '<html lang="de"' in html and page.name not in IN_ENGLISH:
            assert left_in_english(html) == []
    except (html5lib.html5parser.ParseError, AssertionError) as problem:
        return str(problem)
    return ""


def validate(found, folder: Path) -> None:
    """The stricter judge, where there is node: content models, attributes, references."""
    (folder / ".htmlvalidate.json").write_text(json.dumps(RULES))
    for number, (page, html) in enumerate(found.items()):
        # The admin's own pages are Django's.
        if not page.name.startswith("admin:"):
            (folder / f"{number}-{page.name.replace(':', '-')}.html").write_text(html)
    done = subprocess.run(
        [HTML_VALIDATE, "--formatter", "text", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_fault_is_noticed():
    with pytest.raises(html5lib.html5parser.ParseError):
        html5lib.HTMLParser(strict=True).parse("<!doctype html><title>x</title><p><div></p>")
