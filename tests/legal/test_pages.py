"""Terms, privacy and imprint: what visitors read, and what staff make of them."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from mentormatch.errors import Conflict
from mentormatch.legal import services
from mentormatch.legal.markdown import to_html
from mentormatch.legal.models import LegalPage
from tests.factories import MentorFactory, UserFactory
from tests.pages import assert_clean

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
TERMS = reverse("legal:terms")
PAGES = [reverse(f"legal:{slug}") for slug in LegalPage.Slug.values]


@pytest.fixture
def staff():
    return UserFactory(staff=True)


@pytest.fixture
def terms():
    services.add_missing_pages()
    return LegalPage.objects.get(slug="terms", language="en")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("address", PAGES)
def test_each_page_is_there_before_anyone_has_written_it(client, address, language):
    page = client.get(address, headers={"accept-language": language})
    assert page.status_code == 200
    assertContains(page, f'<html lang="{language}"')
    assertContains(page, {"en": "This is a template", "de": "Das ist eine Vorlage"}[language])
    assert_clean(page)


def test_every_page_of_everyone_leads_there(client, login, staff):
    for visitor in (client, login(UserFactory()), login(MentorFactory().user), login(staff)):
        page = visitor.get("/mentors/")
        for address in PAGES:
            assertContains(page, f'<a href="{address}">')
    assertContains(client.get("/nowhere/"), f'<a href="{TERMS}">', status_code=404)


def test_a_language_without_a_text_of_its_own_gets_the_first_one(client, terms, settings):
    LegalPage.objects.filter(language="de").delete()
    settings.LOCALE_PATHS = []
    page = client.get(TERMS, headers={"accept-language": "de"})
    assertContains(page, '<h1 lang="en">')
    assertContains(page, '<div lang="en">')
    # What the site says of it is in the reader's language, and so outside of both.
    assertContains(page, '<article class="column prose">')
    LegalPage.objects.all().delete()
    with pytest.raises(LegalPage.DoesNotExist):
        services.find_page(slug="terms", language="de")


def test_templates_are_saved_once_and_nothing_of_staffs_is_touched(terms, staff, capsys):
    assert LegalPage.objects.count() == 6
    services.publish(page=terms, title="Ours", text="Our own", by=staff)
    assert services.add_missing_pages() == 0
    terms.refresh_from_db()
    assert (terms.title, terms.text, terms.version) == ("Ours", "Our own", 1)


def test_preparing_an_installation_saves_them(monkeypatch):
    from mentormatch.background.management.commands import prepare

    called = []
    monkeypatch.setattr(prepare, "call_command", lambda *names, **_: called.append(names[0]))
    monkeypatch.setattr(prepare.Command, "collect_static", lambda _: None)
    call_command("prepare")
    assert "migrate" in called
    assert LegalPage.objects.count() == 6


def test_staff_publish_a_version_that_stays(client, login, staff, terms):
    edit = reverse("admin:legal_legalpage_change", args=[terms.pk])
    inline = {"versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0}
    browser = login(staff)
    for version, text in enumerate(("# Rules\n\nBe *kind*.", "Be kinder.")):
        sent = {"title": "Our terms", "text": text, "read_version": version, **inline}
        answer = browser.post(edit, sent, follow=True)
        assert answer.status_code == 200
    terms.refresh_from_db()
    assert (terms.version, terms.title) == (2, "Our terms")
    assert [kept.text for kept in terms.versions.order_by("version")] == [
        "# Rules\n\nBe *kind*.",
        "Be kinder.",
    ]
    assert {kept.published_by for kept in terms.versions.all()} == {staff}
    assert LogEntry.objects.filter(user=staff, object_id=terms.pk).count() == 2
    assertContains(browser.get(edit), "Be *kind*.")
    page = client.get(TERMS)
    assertContains(page, "Version 2, published")
    assertNotContains(page, "This is a template")


def test_saving_without_a_change_publishes_nothing(login, staff, terms):
    edit = reverse("admin:legal_legalpage_change", args=[terms.pk])
    same = {"title": terms.title, "text": terms.text.replace("\n", "\r\n"), "read_version": 0}
    inline = {"versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0}
    login(staff).post(edit, same | inline)
    terms.refresh_from_db()
    assert terms.version == 0


def test_who_read_an_older_version_is_refused(terms, staff):
    old = LegalPage.objects.get(pk=terms.pk)
    services.publish(page=terms, title="A", text="B", by=staff)
    with pytest.raises(Conflict):
        services.publish(page=old, title="C", text="D", by=staff)
    terms.refresh_from_db()
    assert (terms.title, terms.versions.count()) == ("A", 1)


def test_who_edits_an_older_version_overwrites_nothing_and_keeps_what_they_wrote(
    login, staff, terms
):
    edit = reverse("admin:legal_legalpage_change", args=[terms.pk])
    inline = {"versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0}
    browser = login(staff)
    read = {"read_version": browser.get(edit).context["adminform"].form["read_version"].value()}
    browser.post(edit, {"title": "Theirs", "text": "First", **inline, **read})
    answer = browser.post(edit, {"title": "Mine", "text": "Second, longer", **inline, **read})
    assertContains(answer, "published another version meanwhile")
    assertContains(answer, "Second, longer")
    terms.refresh_from_db()
    assert (terms.title, terms.version) == ("Theirs", 1)
    assert browser.get(edit).context["adminform"].form["read_version"].value() == 1


def test_who_may_only_look_sees_the_text_and_sends_nothing(login, terms):
    looker = UserFactory(is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_legalpage"))
    seen = login(looker).get(reverse("admin:legal_legalpage_change", args=[terms.pk]))
    assertContains(seen, terms.title)
    assertNotContains(seen, "read_version")


def test_pages_are_neither_added_nor_deleted_and_only_staff_edit(client, login, staff, terms):
    listing = reverse("admin:legal_legalpage_changelist")
    edit = reverse("admin:legal_legalpage_change", args=[terms.pk])
    delete = reverse("admin:legal_legalpage_delete", args=[terms.pk])
    browser = login(staff)
    assertContains(browser.get(listing, {"template": "yes"}), "Terms of use")
    assertNotContains(browser.get(listing, {"template": "no"}), "Terms of use")
    assert browser.get(reverse("admin:legal_legalpage_add")).status_code == 403
    assert browser.post(delete, {"post": "yes"}).status_code == 403
    for other in (client, login(UserFactory()), login(MentorFactory().user)):
        assert other.post(edit, {"title": "x", "text": "y"}).status_code == 302
    terms.refresh_from_db()
    assert terms.version == 0


def test_a_page_costs_one_query(client, terms, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get(TERMS)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# A", "<h2>A</h2>"),
        ("## A\n### B", "<h2>A</h2>\n<h3>B</h3>"),
        ("# A\n###### B", "<h2>A</h2>\n<h6>B</h6>"),
        ("**b** *i*", "<p><strong>b</strong> <em>i</em></p>"),
        ("a `<b>_c_`", "<p>a <code>&lt;b&gt;_c_</code></p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("Street\nTown", "<p>Street<br>\nTown</p>"),
        ("[us](/imprint/)", '<p><a href="/imprint/">us</a></p>'),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"),
        ('<a href="x" onclick="y">', "<p>&lt;a href=&quot;x&quot; onclick=&quot;y&quot;&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("[x](data:text/html,hi)", "<p>[x](data:text/html,hi)</p>"),
        ("<javascript:alert(1)>", "<p>&lt;javascript:alert(1)&gt;</p>"),
        ("[x](<https://e.org/\" onclick=\"y>)", '<p><a href="https://e.org/%22%20onclick=%22y">x</a></p>'),
    ],
)  # fmt: skip
def test_simple_text_becomes_safe_html(text, html):
    assert to_html(text).strip() == html


def test_deep_nesting_ends():
    assert "<blockquote>" in to_html(">" * 5000 + " a")
