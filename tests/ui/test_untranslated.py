"""No text is left in the language that the sources are written in.

What templates and Python say must be marked, and what comes out must be German: here the mails, and
in `test_everywhere.py` every page.
"""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from mentormatch.notifications.rendering import write
from tests.notifications.test_rendering import KINDS, mail_to
from tests.ui.test_german import left_in_english

pytestmark = pytest.mark.one_engine
ROOT = Path(settings.BASE_DIR)
APPS = ("mentormatch", "bookings", "payments", "sessions_app", "reviews")
TEMPLATES = sorted(
    path
    for folder in (ROOT / "templates", *(ROOT / app for app in APPS))
    for path in folder.rglob("*")
    if path.suffix in {".html", ".txt"} and "templates" in path.parts
)
SOURCES = sorted(
    path
    for app in APPS
    for path in (ROOT / app).rglob("*.py")
    if not {"migrations", "djstripe_migrations", "stripe_emulator"} & set(path.parts)
)

# --- Templates ------------------------------------------------------------------------------

MARKED = re.compile(
    r"{#.*?#}|{%\s*block layout\s*%}.*?{%\s*endblock[^%]*%}|{%\s*comment\b.*?{%\s*endcomment\s*%}"
    r"|{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}|{%.*?%}|{{.*?}}",
    re.DOTALL,
)
SPOKEN = {"alt", "aria-label", "title", "placeholder", "data-label"}
WORD = re.compile(r"[^\W\d_]{2,}")
# Names, and what is the same in every language.
# The living page of the look is for those who build it.
NOT_TRANSLATED = {"styleguide.html", "styleguide.py"}
SAME = {"MentorMatch", "Stripe", "SVG", "Figtree", "Bricolage", "Grotesque", "VISA", "PIN", "CVC"}


class _Words(HTMLParser):
    """The words of a template that stand outside of all tags of the template language."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.silent = 0
        self.feed(MARKED.sub(" ", source))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.silent += tag in {"script", "style", "code"}
        for name, value in attrs:
            if name in SPOKEN:
                self.words += WORD.findall(value or "")

    def handle_endtag(self, tag):
        self.silent -= tag in {"script", "style", "code"}

    def handle_data(self, data):
        self.words += [] if self.silent else WORD.findall(data)


def unmarked(source):
    return [word for word in _Words(source).words if word not in SAME]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>Hello {{ name }}</p>", ["Hello"]),
        ('<p>{% translate "Hello" %}</p>', []),
        ("<p>{% blocktranslate %}Hello{% endblocktranslate %}, MentorMatch · 7</p>", []),
        ('<a title="Go on" class="big one">{{ there }}</a>', ["Go", "on"]),
        ("{# a note #}{% comment %}one more{% endcomment %}<code>x = make</code>", []),
        ("{% if a %}Yes{% else %}{{ no }}{% endif %}", ["Yes"]),
        ("{{ amount }} of\n{{ whole }}", ["of"]),
    ],
)
def test_a_text_outside_of_the_tags_is_noticed(source, words):
    assert unmarked(source) == words


def test_templates_say_nothing_unmarked():
    assert len(TEMPLATES) > 120
    found = {
        str(path.relative_to(ROOT)): words
        for path in TEMPLATES
        if (words := unmarked(path.read_text())) and path.name not in NOT_TRANSLATED
    }
    assert found == {}


# --- Python ---------------------------------------------------------------------------------

# What reaches people: keywords of fields, forms and actions, messages, and refusals.
KEYWORDS = {
    *("label", "help_text", "verbose_name", "verbose_name_plural", "description", "submit"),
    *("cancel_label", "empty_label"),
}
SAYING = {"success", "info", "warning", "error", "message_user", "say_with_undo"}
REFUSALS = {"InvalidInput", "Conflict", "Forbidden", "NotFound", "TryAgain", "ValidationError"}


def sayings(source):
    """Strings with a word in them that go to people and aren't marked, with their line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            owner = getattr(getattr(node.func, "value", None), "id", "")
            said = [k.value for k in node.keywords if k.arg in KEYWORDS]
            if name in SAYING and owner in {"messages", "self", ""}:
                said += node.args[1:2]
            if name in REFUSALS:
                said += node.args[:1]
            yield from ((text.lineno, text.value) for text in said if _is_a_text(text))


def _is_a_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


@pytest.mark.parametrize(
    "line",
    [
        'messages.success(request, "It is done.")',
        'forms.CharField(label="Your name")',
        'raise Conflict("Not any more.")',
        'self.message_user(request, "It is done.")',
    ],
)
def test_a_saying_that_is_not_marked_is_noticed(line):
    assert [number for number, _ in sayings(line)] == [1]
    marked = re.sub(r'(".*?")', r"_(\1)", line)
    assert list(sayings(marked)) == []


def test_python_says_nothing_unmarked():
    assert len(SOURCES) > 150
    found = {
        f"{path.relative_to(ROOT)}:{line}": text
        for path in SOURCES
        if path.name not in NOT_TRANSLATED
        for line, text in sayings(path.read_text())
    }
    assert found == {}


# --- What comes out -------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_every_mail_is_german(now, kind):
    from tests.factories import BookingFactory, SessionFactory, open_every_day

    booking = BookingFactory(
        mentee__language="de", mentor__user__language="de", cancellation_reason="Krank"
    )
    SessionFactory(booking=booking)
    open_every_day(booking.mentor, always=True)
    invitation = {} if kind.startswith("subscription_") else {"method": "REQUEST"}
    for reader in (booking.mentee, booking.mentor.user):
        # Whoever made it happen spoke English: the reader's language counts.
        with translation.override("en"):
            written = write(mail_to(reader, kind, booking, **invitation))
        assert 'lang="de"' in written.html
        for text in (written.html, written.text, written.subject, written.invitation):
            assert left_in_english(text) == []
        assert not invitation or "Mentoring mit" in written.invitation
