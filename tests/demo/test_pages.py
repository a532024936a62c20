import datetime as dt
from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.background import periodics
from mentormatch.background.models import PeriodicRun
from mentormatch.demo.clock import BEFORE_THE_SESSION
from tests.conftest import NOW
from tests.factories import BookingFactory, MailFactory, MentorFactory, UserFactory
from tests.pages import assert_clean

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
HOUR = dt.timedelta(hours=1)
Login = Callable[[User], Client]


def press(client: Client, to: str) -> None:
    answer = client.post(reverse("demo:clock"), {"to": to})
    assert answer.headers["Location"] == reverse("demo:home")


def test_one_click_logs_in(client: Client) -> None:
    UserFactory(email="mentee@example.com")
    page = client.get(reverse("demo:home"))
    assert_clean(page)
    assert "mentee@example.com" in page.content.decode()
    assert "Log in as mentee<" in page.content.decode()
    answer = client.post(reverse("demo:login"), {"email": "mentee@example.com"})
    assert answer.headers["Location"] == reverse("bookings:list")
    assert client.get(reverse("bookings:list")).status_code == 200


@pytest.mark.parametrize(
    ("name", "goes_to"), [("mentor", "bookings:dashboard"), ("staff", "admin:index")]
)
def test_one_click_leads_to_where_one_works(client: Client, name: str, goes_to: str) -> None:
    MentorFactory(user__email="mentor@example.com")
    UserFactory(email="staff@example.com", staff=True)
    answer = client.post(reverse("demo:login"), {"email": f"{name}@example.com"})
    assert answer.headers["Location"] == reverse(goes_to)


def test_one_click_is_for_the_demos_people_and_by_post(client: Client) -> None:
    UserFactory(email="someone@example.com")
    login = reverse("demo:login")
    assert client.post(login, {"email": "someone@example.com"}).status_code == 404
    assert client.post(login, {"email": "mentee@example.com"}).status_code == 404
    assert client.post(login).status_code == 404
    assert client.get(login).status_code == 405
    assert "_auth_user_id" not in client.session


def test_the_public_demo_has_no_one_click(client: Client, settings: Settings) -> None:
    settings.DEMO_MODE = "public"
    UserFactory(email="mentee@example.com")
    page = client.get(reverse("demo:home")).content.decode()
    assert "Log in as mentee<" not in page
    assert "staff@example.com" not in page
    assert client.post(reverse("demo:login"), {"email": "mentee@example.com"}).status_code == 404


def test_outside_the_demo_there_are_no_such_pages() -> None:
    import importlib

    from mentormatch import urls

    demo, django_settings.DEMO = django_settings.DEMO, False
    try:
        names = [str(pattern.pattern) for pattern in importlib.reload(urls).urlpatterns]
    finally:
        django_settings.DEMO = demo
        importlib.reload(urls)
    assert "demo/" not in names


def test_the_clock_moves_on_and_back(client: Client, now: dt.datetime) -> None:
    press(client, "48h")
    press(client, "hour")
    assert times.now() == NOW + 49 * HOUR
    assert "2 days, 1" in client.get(reverse("demo:home")).content.decode().replace("\xa0", " ")
    press(client, "month")
    assert times.now() == NOW + 49 * HOUR + dt.timedelta(days=31)
    press(client, "back")
    assert times.now() == NOW


def test_the_clock_goes_to_the_viewers_next_session(login: Login, now: dt.datetime) -> None:
    later = BookingFactory()
    BookingFactory(starts_at=later.starts_at - HOUR)  # someone else's
    client = login(later.mentee)
    press(client, "session")
    assert times.now() == later.starts_at - BEFORE_THE_SESSION
    press(client, "session")
    assert times.now() == later.starts_at - BEFORE_THE_SESSION, "there is no other"


def test_without_a_session_to_go_to_it_says_so(client: Client, now: dt.datetime) -> None:
    answer = client.post(reverse("demo:clock"), {"to": "session"}, follow=True)
    assert "You have no confirmed session to go to" in answer.content.decode()
    assert times.now() == NOW
    assert client.post(reverse("demo:clock"), {"to": "yesterday"}).status_code == 404


def test_the_clock_has_an_end(client: Client, now: dt.datetime) -> None:
    times.set_clock_offset(dt.timedelta(days=3640))
    answer = client.post(reverse("demo:clock"), {"to": "month"}, follow=True)
    assert "That is far enough" in answer.content.decode()


def test_the_worker_looks_at_once_when_the_clock_was_moved(client: Client) -> None:
    periodics.schedule()
    PeriodicRun.objects.update(next_due_at=times.real_now() + HOUR)
    press(client, "48h")
    assert not PeriodicRun.objects.filter(next_due_at__gt=times.real_now()).exists()


def test_every_mail_can_be_read(client: Client) -> None:
    mail = MailFactory(
        status="sent",
        subject="See you",
        text="Hello https://example.com/ there",
        html="<html><head><style>b{}</style></head><body><a href='/x'>go</a></body></html>",
        invitation="BEGIN:VCALENDAR",
        invitation_method="REQUEST",
    )
    listing = client.get(reverse("demo:mail"))
    assert_clean(listing)
    assert "See you" in listing.content.decode()
    assert (
        "See you" not in client.get(reverse("demo:mail") + "?to=other@example.com").content.decode()
    )
    detail = client.get(reverse("demo:mail_detail", args=[mail.code]))
    assert_clean(detail)
    page = detail.content.decode()
    assert "BEGIN:VCALENDAR" in page
    assert "Invitation (REQUEST)" in page
    assert "allow-scripts" not in page
    assert "allow-same-origin" not in page


def test_a_mails_html_may_do_nothing(client: Client) -> None:
    mail = MailFactory(html="<html><head></head><body><script>1</script></body></html>")
    answer = client.get(reverse("demo:mail_html", args=[mail.code]))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_top">' in answer.content.decode()
    unwritten = MailFactory()
    assert client.get(reverse("demo:mail_html", args=[unwritten.code])).status_code == 404


def test_in_public_one_reads_ones_own_mail_only(
    client: Client, login: Login, settings: Settings
) -> None:
    settings.DEMO_MODE = "public"
    mine, other = MailFactory(subject="mine"), MailFactory(subject="not mine")
    answer = client.get(reverse("demo:mail"))
    assert answer.headers["Location"].startswith(reverse("account_login"))
    assert client.get(reverse("demo:mail_detail", args=[mine.code])).status_code == 404
    me = login(mine.recipient)
    assert "not mine" not in me.get(reverse("demo:mail")).content.decode()
    assert me.get(reverse("demo:mail_detail", args=[mine.code])).status_code == 200
    assert me.get(reverse("demo:mail_detail", args=[other.code])).status_code == 404
    assert me.get(reverse("demo:mail_html", args=[other.code])).status_code == 404


def test_the_mail_list_costs_the_same_with_more_in_it(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    MailFactory()
    url = reverse("demo:mail")
    client.get(url)
    with django_assert_num_queries(3):
        client.get(url)
    MailFactory.create_batch(2)
    with django_assert_num_queries(3):
        client.get(url)
