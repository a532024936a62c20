"""The staff's pages speak German to a German: their frame is held against the English one.

What both say in the same words is either a name or was left behind. Rows are left out, but for
those of their words that stand in a catalogue, ours or Django's.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from mentormatch.background.models import PeriodicRun, WorkerHeartbeat
from mentormatch.legal.services import add_missing_pages
from mentormatch.notifications import tasks
from tests import factories
from tests.conftest import NOW
from tests.ui import everywhere

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("now")]
SPOKEN = {"alt", "aria-label", "title", "placeholder"}
SILENT = {"script", "style", "code", "svg", "textarea"}
# Where the rows of a table are records; the first page's tables are lists of links.
LISTS = {"result_list", "change-history", "inline-group"}
WORD = re.compile(r"[^\W\d_]{2,}")
# What is the same word in both languages, or a name.
SAME = {
    *("MentorMatch", "Stripe", "Administration", "Charges", "Filter", "HTML", "Id", "Imprint"),
    *("Mentee", "Mentor", "Name", "Person", "Privacy", "Status", "Text", "Worker"),
}
# Codes are the same everywhere: of languages, countries, currencies, and of kinds of mail.
CODE = re.compile(r"[a-z]{2,3}|[A-Z]{2}|[a-z]+(_[a-z]+)+")


def texts(element: Element, place: str = "frame") -> Iterator[tuple[str, str]]:
    """What an element says, each text with where it stands: in the `frame`, or in `rows`."""
    if element.tag in SILENT or not isinstance(element.tag, str):  # a comment has none
        return
    names = {element.get("id", ""), *element.get("class", "").split()}
    if names & LISTS:
        place = "list"
    if "readonly" in names or (place == "list" and element.tag == "tbody"):
        place = "rows"
    yield from ((place, text) for name, text in element.items() if name in SPOKEN)
    if element.tag == "input" and element.get("type") == "submit":
        yield place, element.get("value", "")
    yield place, element.text or ""
    for child in element:
        yield from texts(child, place)
        yield place, child.tail or ""


def said(client: Client, address: str) -> tuple[set[str], set[str]]:
    """The words of the page's frame, and of its rows."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    page = html5lib.parse(answer.content.decode(), namespaceHTMLElements=False)
    frame, rows = set(), set()
    for place, text in texts(page.find("body")):
        if WORD.search(text):
            (rows if place == "rows" else frame).add(" ".join(text.split()))
    return frame, rows


@pytest.fixture
def here() -> everywhere.World:
    """One row at least of each kind."""
    made = everywhere.world()
    add_missing_pages()
    tasks.send_mail.enqueue(mail_id=made.mail.pk)
    PeriodicRun.objects.create(name="sweep", next_due_at=NOW)
    WorkerHeartbeat.objects.create(worker_id="w", seen_at=NOW)
    LogEntry.objects.log_actions(made.staff.pk, [made.mentor], CHANGE, "x", single_object=True)
    return made


def pages() -> Iterator[tuple[str, str]]:
    """Every page of the staff's that can be looked at, with what names its row."""
    for name in ("index", "password_change", "password_change_done"):
        yield reverse(f"admin:{name}"), ""
    for label in {model._meta.app_label for model in admin.site._registry}:
        yield reverse("admin:app_list", args=[label]), ""
    for model, page in admin.site._registry.items():
        at = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{at}_changelist"), ""
        row = model._default_manager.first()
        for view in ("change", "history", "delete") if row else ():
            if view != "delete" or may(page, "delete"):
                yield reverse(f"{at}_{view}", args=[row.pk]), str(row)
        if may(page, "add"):
            yield reverse(f"{at}_add"), ""


def may(page: admin.ModelAdmin, what: str) -> bool:
    """Whether Django's own rule decides: the superuser may."""
    rule = f"has_{what}_permission"
    return getattr(type(page), rule) is getattr(admin.ModelAdmin, rule)


def left_in_english(frames: list[set[str]], rows: set[str], named: str) -> set[str]:
    """What two languages have in common, and what of the German rows is no German."""
    same = frames[0] & frames[1] - SAME
    with translation.override("de"):
        same |= {text for text in rows - SAME if gettext(text) != text}
    words = {text.strip("›: ") for text in same} - SAME
    return {word for word in words if not CODE.fullmatch(word) and (not named or named not in word)}


def test_no_page_of_the_staffs_is_left_in_english(here, login):
    english = login(here.staff)
    german = login(factories.UserFactory(staff=True, language="de", full_name="Toni Berger"))
    found: dict[str, list[str]] = defaultdict(list)
    for address, named in pages():
        (frame, _rows), (rahmen, zeilen) = said(english, address), said(german, address)
        for text in left_in_english([frame, rahmen], zeilen, named):
            found[text].append(address)
    assert found == {}


def test_english_is_noticed():
    both, rows = {"Save and add another", "Mentor:"}, {"Grace Hopper", "confirmed"}
    assert left_in_english([both, both], rows, "") == {"Save and add another", "confirmed"}
