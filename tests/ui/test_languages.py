"""A language is one folder; catalogues are compiled as lint wants them."""

import shutil

import pytest
from django.conf import settings as real
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from mentormatch.accounts.models import User
from mentormatch.languages import languages_in
from mentormatch.legal.models import LegalPage
from mentormatch.legal.services import add_missing_pages
from mentormatch.notifications.rendering import write
from scripts import messages
from tests.factories import BookingFactory, MailFactory, SessionFactory, UserFactory

HEADER = """msgid ""
msgstr ""
"PO-Revision-Date: 2026-01-01 00:00+0000\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""
ESPERANTO = {
    "Find a mentor": "Trovu mentoron",
    "Settings": "Agordoj",
    "Hello %(name)s": "Saluton %(name)s",
    "Mentoring with %s": "Mentorado kun %s",
}


def catalogue(folder, language, texts):
    """A compiled catalogue, as `make messages` makes it."""
    source = folder / language / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True, exist_ok=True)
    entries = [f'msgid "{said}"\nmsgstr "{means}"\n' for said, means in texts.items()]
    source.write_text("\n".join([HEADER, *entries]))
    source.with_suffix(".mo").write_bytes(messages.compiled(messages.read(source)))
    return source


@pytest.fixture
def esperanto(tmp_path, settings):
    """Our languages, and one more folder."""
    shutil.copytree(real.BASE_DIR / "locale", tmp_path, dirs_exist_ok=True)
    catalogue(tmp_path, "eo", ESPERANTO)
    (tmp_path / "eo" / "legal").mkdir()
    (tmp_path / "eo" / "legal" / "terms.md").write_text("# Kondiĉoj\n\nEstu *afabla*.\n")
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = languages_in(tmp_path)
    return tmp_path


def test_languages_are_the_folders_with_a_compiled_catalogue(tmp_path):
    for language in ("pt_BR", "de", "xx"):
        catalogue(tmp_path, language, {})
    (tmp_path / "fr" / "LC_MESSAGES").mkdir(parents=True)  # not compiled yet
    (tmp_path / "en" / "legal").mkdir(parents=True)
    found = [(code, str(name)) for code, name in languages_in(tmp_path)]
    assert found == [("en", "English"), ("de", "German"), ("pt-br", "Brazilian Portuguese")]


def test_ours_are_english_and_german():
    assert [code for code, _name in languages_in(real.BASE_DIR / "locale")] == ["en", "de"]


@pytest.mark.django_db
class TestOneMoreFolder:
    def test_pages_are_in_it_for_those_who_ask(self, client, esperanto):
        page = client.get("/", headers={"accept-language": "eo"})
        assertContains(page, '<html lang="eo"')
        assertContains(page, "Trovu mentoron")
        assertContains(client.get("/", headers={"accept-language": "de"}), '<html lang="de"')

    def test_everyone_can_choose_it(self, client, login, esperanto):
        assertContains(client.get("/"), "Esperanto")
        user = UserFactory()
        sent = {"full_name": "Ada", "time_zone": "UTC", "language": "eo"}
        page = login(user).post(reverse("accounts:settings"), sent, follow=True)
        assertContains(page, "<h1>Agordoj</h1>", html=True)
        assert User.objects.get(pk=user.pk).language == "eo"

    def test_the_api_takes_it(self, api, esperanto):
        answer = api(UserFactory()).patch(
            "/api/v1/me", {"language": "eo"}, content_type="application/json"
        )
        assert answer.json()["language"] == "eo"

    def test_mails_and_invitations_are_in_it(self, esperanto, now):
        booking = BookingFactory(mentee__language="eo", mentor__user__full_name="Ada")
        SessionFactory(booking=booking)
        told = {"booking": booking.code, "sequence": 0, "method": "REQUEST"}
        told |= {"starts_at": "2026-06-03T08:00:00Z", "ends_at": "2026-06-03T09:00:00Z"}
        mail = MailFactory(recipient=booking.mentee, kind="booking_confirmed", context=told)
        written = write(mail)
        assert 'lang="eo"' in written.html
        assert "Mentorado kun Ada" in written.invitation

    def test_it_has_its_legal_pages(self, client, esperanto):
        page = client.get(reverse("legal:terms"), headers={"accept-language": "eo"})
        assertContains(page, "Kondiĉoj")
        add_missing_pages()
        assert LegalPage.objects.filter(language="eo").count() == 1
        assert LegalPage.objects.count() == 7


@pytest.mark.django_db
def test_a_language_there_is_no_folder_for_is_refused(login):
    user = UserFactory()
    sent = {"full_name": "Ada", "time_zone": "UTC", "language": "eo"}
    assert login(user).post(reverse("accounts:settings"), sent).status_code == 422
    assertNotContains(login(user).get("/"), "Esperanto")


class TestCheck:
    """What `make lint` asks of each catalogue."""

    @pytest.fixture
    def source(self, tmp_path):
        return catalogue(tmp_path, "eo", ESPERANTO)

    def test_a_compiled_one_is_fine(self, source):
        assert list(messages.problems(source)) == []

    def test_ours_are(self):
        found = messages.sources(real.BASE_DIR / "locale")
        assert len(found) == 1
        assert [problem for source in found for problem in messages.problems(source)] == []

    def test_one_that_says_something_else_is_noticed(self, source):
        source.write_text(source.read_text().replace("Agordoj", "Preferoj"))
        assert "isn't what django.po says" in next(messages.problems(source))

    def test_one_without_a_text_is_noticed(self, source):
        source.write_text(source.read_text() + '\nmsgid "Yes"\nmsgstr "Jes"\n')
        assert "isn't what django.po says" in next(messages.problems(source))

    def test_one_that_counts_otherwise_is_noticed(self, source):
        source.write_text(source.read_text().replace("n != 1", "n > 1"))
        assert any("counts otherwise" in problem for problem in messages.problems(source))

    def test_one_that_is_missing_is_noticed(self, source):
        source.with_suffix(".mo").unlink()
        assert "is missing" in next(messages.problems(source))

    def test_a_placeholder_that_nothing_fills_is_noticed(self, source):
        wrong = '\n#, python-format\nmsgid "%(n)d h"\nmsgstr "%(m)d h"\n'
        source.write_text(source.read_text() + wrong)
        assert any("placeholder" in problem for problem in messages.problems(source))

    def test_the_same_source_gives_the_same_bytes(self, source):
        first = source.with_suffix(".mo").read_bytes()
        assert messages.compiled(messages.read(source)) == first
