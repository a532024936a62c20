"""The frame around every page."""

import pytest
from django.template import engines
from django.test import RequestFactory
from django.urls import reverse

from tests.factories import MentorFactory, UserFactory
from tests.pages import assert_clean

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


def _links(answer):
    text = answer.content.decode()
    names = ["mentors:list", "account_signup", "bookings:list", "bookings:dashboard", "admin:index"]
    return [name for name in names if f'href="{reverse(name)}"' in text]


def test_anyone_sees_how_to_enter(client):
    answer = client.get("/accounts/login/")
    assert _links(answer) == ["mentors:list", "account_signup"]
    assert_clean(answer)


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("/mentors/?q=a%26b", "?next=%2Fmentors%2F%3Fq%3Da%2526b"),
        ("/accounts/login/?next=/mentors/ada/book/", "?next=%2Fmentors%2Fada%2Fbook%2F"),
        ("/accounts/login/", ""),
        ("/", ""),
    ],
)
def test_entrance_leads_back_to_where_one_was(client, page, kept):
    text = client.get(page).text
    assert f'<a href="/accounts/login/{kept}">' in text
    assert f'href="/accounts/signup/{kept}"' in text


def test_mentee_mentor_and_staff_see_their_places(login):
    seen = [
        _links(login(user).get(reverse("accounts:settings")))
        for user in (UserFactory(), MentorFactory().user, UserFactory(staff=True))
    ]
    assert seen == [
        ["mentors:list", "bookings:list"],
        ["mentors:list", "bookings:list", "bookings:dashboard"],
        ["mentors:list", "bookings:list", "admin:index"],
    ]


@pytest.mark.parametrize(
    ("page", "mark", "place"),
    [
        ("mentors:list", "page", "mentors:list"),
        ("bookings:dashboard", "page", "bookings:dashboard"),
        ("payments:earnings", "true", "bookings:dashboard"),
        ("bookings:group_dashboard", "true", "bookings:dashboard"),
    ],
)
def test_navigation_marks_where_one_is(login, page, mark, place):
    answer = login(MentorFactory().user).get(reverse(page))
    navigation = answer.content.decode().partition('class="site-nav"')[2].partition("</nav>")[0]
    assert f'href="{reverse(place)}" aria-current="{mark}"' in navigation
    assert navigation.count("aria-current") == 1


@pytest.mark.parametrize("make", [UserFactory, lambda: MentorFactory().user])
def test_frame_costs_the_session_and_the_person(login, make, django_assert_num_queries):
    client = login(make())
    with django_assert_num_queries(2):
        assert client.get(reverse("account_change_password")).status_code == 200


def test_frame_costs_anyone_nothing(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/accounts/confirm-email/")


def test_every_page_says_that_payments_are_a_test(client, settings):
    assert "Test payments" in client.get("/accounts/login/").content.decode()
    settings.STRIPE_EMULATED = settings.DEMO = False
    assert "Test payments" not in client.get("/accounts/login/").content.decode()


def test_demo_banner_leads_to_its_pages_where_they_are(settings):
    settings.DEMO = False
    template = engines["django"].from_string('{% include "ui/_notices.html" %}')
    request = RequestFactory().get("/")
    assert "demo" not in template.render({"demo": False}, request)


def test_messages_are_shown_once(login):
    client = login(UserFactory())
    sent = {"full_name": "Ada", "time_zone": "UTC", "language": "en"}
    first = client.post(reverse("accounts:settings"), sent, follow=True)
    assert 'class="message message-success"' in first.content.decode()
    assert "message-success" not in client.get(reverse("accounts:settings")).content.decode()


def test_names_are_text_in_every_place(login):
    user = UserFactory(full_name='<b onclick="x">"Ada"</b>')
    answer = login(user).get(reverse("accounts:settings"))
    assert "<b onclick" not in answer.content.decode()
    assert_clean(answer)


def test_content_policy_allows_nothing_inline(client):
    policy = client.get("/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy


@pytest.mark.parametrize("page", ["billing", "checkout", "connect", "invoice"])
def test_content_policy_lets_a_button_lead_to_stripes_pages(client, page):
    """A browser holds the redirect after a form against the policy too."""
    forms = client.get("/")["Content-Security-Policy"].partition("form-action")[2].partition(";")
    assert f"https://{page}.stripe.com" in forms[0].split()
