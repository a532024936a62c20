"""The catalogue is whole, and what is told with numbers is German as well.

That every page is wholly German is held in `test_everywhere.py`, by `left_in_english`.
"""

import gettext
import re
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from tests.factories import (
    BookingFactory,
    MentorFactory,
    ReviewFactory,
    SessionFactory,
    UserFactory,
    open_every_day,
)

FOLDER = Path(settings.BASE_DIR) / "locale/de/LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)[ds]|%[ds%]")
TAG = re.compile(r"<[^>]*>")
SPOKEN = re.compile(r'(?:aria-label|alt|title|placeholder|data-label|content)="([^"]*)"')
LEAST_LETTERS = 13


def entries():
    """Each entry of the .po as (its comments, {keyword: text})."""
    for block in (FOLDER / "django.po").read_text().split("\n\n")[1:]:
        comments, texts, keyword = [], {}, ""
        for line in filter(None, block.split("\n")):
            if line.startswith("#"):
                comments.append(line)
                continue
            named, quote, text = line.partition('"')
            keyword = named.strip() or keyword
            text = text.removesuffix(quote).replace('\\"', '"').replace("\\n", "\n")
            texts[keyword] = texts.get(keyword, "") + text
        yield "\n".join(comments), texts


ENTRIES = list(entries())


def english():
    """What would give an untranslated page away, as patterns by their English text."""
    for _, texts in ENTRIES:
        translated = {text for keyword, text in texts.items() if keyword.startswith("msgstr")}
        for keyword in ("msgid", "msgid_plural"):
            plain = TAG.sub("", texts.get(keyword, ""))
            if len(PLACEHOLDER.sub("", plain)) >= LEAST_LETTERS and plain not in translated:
                yield plain, ".+?".join(map(re.escape, PLACEHOLDER.split(plain)))


def longest_piece(plain):
    """To look for first: most texts are on no page, and a pattern takes its time to say so."""
    return max(PLACEHOLDER.split(plain), key=len)


ENGLISH = {
    plain: (longest_piece(plain), re.compile(rf"\b{pattern}")) for plain, pattern in english()
}


def left_in_english(html):
    """The English texts that a page shows or says."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
    seen = " \n ".join([*SPOKEN.findall(body), TAG.sub("\n", body)])
    seen = re.sub(r"https?://\S+", "", unescape(seen))  # an address is no text
    lines = "\n".join(" ".join(line.split()) for line in seen.split("\n"))
    return [
        plain
        for plain, (piece, pattern) in ENGLISH.items()
        if piece in lines and pattern.search(lines)
    ]


def test_every_text_is_translated():
    assert len(ENTRIES) > 1000
    assert [texts for notes, texts in ENTRIES if ", fuzzy" in notes or "" in texts.values()] == []


def test_what_is_served_is_what_the_catalogue_says():
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for _, texts in ENTRIES:
        context, text = texts.get("msgctxt"), texts["msgid"]
        if "msgid_plural" in texts:
            for n, keyword in ((1, "msgstr[0]"), (2, "msgstr[1]")):
                assert compiled.ngettext(text, texts["msgid_plural"], n) == texts[keyword]
        else:
            said = compiled.pgettext(context, text) if context else compiled.gettext(text)
            assert said == texts["msgstr"]


def test_a_translation_says_what_was_to_be_filled_in_and_nothing_else():
    for _, texts in ENTRIES:
        whole = texts.get("msgid_plural", texts["msgid"])
        for keyword, text in texts.items():
            if keyword.startswith("msgstr") and keyword != "msgstr[0]":
                assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(whole))
                assert sorted(TAG.findall(text)) == sorted(TAG.findall(whole))
            elif keyword == "msgstr[0]":
                assert set(PLACEHOLDER.findall(text)) <= set(PLACEHOLDER.findall(whole))


def test_english_is_noticed():
    assert left_in_english("<p>Choose a time</p>") == ["Choose a time"]
    assert left_in_english('<a aria-label="Hello there, Ada. The room is open">x</a>')


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def mentor(self, now):
        made = MentorFactory(user=UserFactory(language="de"))
        open_every_day(made)
        ReviewFactory(
            session=SessionFactory(booking=BookingFactory(mentor=made, completed=True)),
            comment="Sehr gut.",
        )
        return made

    @pytest.fixture
    def booking(self, mentor, now):
        return BookingFactory(mentor=mentor, mentee=UserFactory(language="de"), notes="Hallo")

    def assert_german(self, client, address):
        page = client.get(address, headers={"accept-language": "de"})
        assert page.status_code == 200
        html = page.content.decode()
        assert '<html lang="de"' in html
        assert left_in_english(html) == []

    def test_numbers_and_words_together(self, login, booking):
        form = login(booking.mentor.user).get(reverse("mentors:edit")).content.decode()
        assert "30\u00a0Min." in form
        assert "30 min" not in form
        assert "Bis zu 8." in form

    def test_stars(self, login, now):
        booking = BookingFactory(mentee=UserFactory(language="de"), completed=True)
        session = SessionFactory(booking=booking, completed=True)
        page = login(booking.mentee).get(reverse("reviews:write", args=[session.code]))
        assert "5 Sterne" in page.content.decode()
        assert left_in_english(page.content.decode()) == []

    def test_a_room(self, login, booking):
        session = SessionFactory(booking=booking)
        for person in (booking.mentee, booking.mentor.user):
            self.assert_german(login(person), reverse("sessions:room", args=[session.code]))
