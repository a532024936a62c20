"""Buffers, the cap a day and the rest of "How you are booked", on the dashboard."""

import datetime as dt

import pytest
from django.urls import reverse

from bookings.models import CalendarEntry
from bookings.services.rescheduling import reschedule_booking
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
PAGE = reverse("bookings:availability")
RULES = reverse("bookings:rules")
NINE = NOW + dt.timedelta(days=1) - HOUR  # nine o'clock in Berlin, tomorrow
AS_IT_IS = {
    "step_minutes": "30", "notice_minutes": "60", "horizon_days": "60",
    "buffer_before_minutes": "0", "buffer_after_minutes": "0", "daily_cap": "",
}  # fmt: skip


@pytest.fixture
def mentor(now):
    mentor = factories.MentorFactory()
    factories.open_every_day(mentor)
    return mentor


@pytest.fixture
def offered(mentor, client, api):
    """`offered()`: tomorrow's starts of an hour as page and API have them: the same."""

    def times():
        day = f"{NINE:%Y-%m-%d}"
        page = client.get(f"/mentors/{mentor.slug}/?duration_minutes=60&from={day}").context
        on_page = [
            choice.slot.starts_at
            for shown in page["picker"].days
            if shown.date == NINE.date()
            for choice in shown.choices
        ]
        query = {"from": f"{day}T00:00:00Z", "to": f"{day}T22:00:00Z", "duration_minutes": 60}
        items = api(None).get(f"/api/v1/mentors/{mentor.pk}/slots", query).json()["items"]
        assert [dt.datetime.fromisoformat(item["starts_at"]) for item in items] == on_page
        return on_page

    return times


def save(client, **changes):
    return client.post(RULES, AS_IT_IS | changes, follow=True)


def test_the_page_shows_what_is_set_and_saving_that_changes_nothing(mentor, login):
    mentor.buffer_before_minutes, mentor.notice_minutes, mentor.daily_cap = 25, 45, 3
    mentor.requires_approval = True
    mentor.save()
    client = login(mentor.user)
    page = client.get(PAGE)
    shown = page.context["rules_form"].initial
    assert '<option value="25" selected>' in page.text
    assert client.post(RULES, shown).status_code == 302
    before = {name: getattr(mentor, name) for name in shown}
    mentor.refresh_from_db()
    assert {name: getattr(mentor, name) for name in shown} == before


def test_buffers_act_at_once_on_page_and_api(mentor, login, offered):
    factories.BookingFactory(mentor=mentor, starts_at=NINE + 3 * HOUR)
    client = login(mentor.user)
    assert {NINE + 2 * HOUR, NINE + 4 * HOUR} <= set(offered())
    assert "free times follow" in save(client, buffer_before_minutes="45").text
    assert NINE + 2 * HOUR in offered()
    assert next(start for start in offered() if start > NINE + 3 * HOUR) == NINE + 5 * HOUR
    save(client, buffer_before_minutes="0", buffer_after_minutes="60")
    assert [start for start in offered() if start < NINE + 3 * HOUR][-1] == NINE + HOUR
    assert NINE + 4 * HOUR in offered()


def test_the_cap_acts_at_once_on_page_and_api(mentor, login, offered):
    factories.BookingFactory(mentor=mentor, starts_at=NINE)
    client = login(mentor.user)
    save(client, daily_cap="2")
    assert offered()
    save(client, daily_cap="1")
    assert offered() == []
    save(client, daily_cap="")
    assert offered()


def test_step_and_notice_act_at_once_on_page_and_api(mentor, login, offered):
    client = login(mentor.user)
    save(client, step_minutes="60", notice_minutes="1440")
    assert offered()[:2] == [NINE + HOUR, NINE + 2 * HOUR]


def test_what_is_booked_keeps_its_time_and_its_buffers(mentor, login, offered):
    """Two sessions that touch stay, though a new one could not be booked like that any more."""
    first = factories.BookingFactory(mentor=mentor, starts_at=NINE)
    factories.BookingFactory(mentor=mentor, starts_at=NINE + HOUR)
    save(login(mentor.user), buffer_before_minutes="30", buffer_after_minutes="30")
    entries = CalendarEntry.objects.order_by("starts_at").values_list("starts_at", "ends_at")
    assert list(entries) == [(NINE, NINE + HOUR), (NINE + HOUR, NINE + 2 * HOUR)]
    assert {entry.booking.status for entry in CalendarEntry.objects.all()} == {"confirmed"}
    assert offered()[0] == NINE + 2.5 * HOUR
    # Moved, a booking is one that is made now.
    reschedule_booking(booking=first, by=mentor.user, starts_at=NINE + 4 * HOUR)
    entry = CalendarEntry.objects.get(booking=first)
    assert (entry.starts_at, entry.ends_at) == (NINE + 3.5 * HOUR, NINE + 5.5 * HOUR)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"daily_cap": "0"}, "greater than or equal to 1"),
        ({"daily_cap": "49"}, "less than or equal to 48"),
        ({"daily_cap": "two"}, "Enter a whole number"),
        ({"buffer_before_minutes": "7"}, "Select a valid choice"),
        ({"buffer_after_minutes": "-5"}, "Select a valid choice"),
        ({"buffer_after_minutes": ""}, "This field is required"),
        ({"step_minutes": "0"}, "Select a valid choice"),
    ],
)
def test_bad_input_says_what_to_do_and_keeps_the_rest(mentor, login, change, said):
    answer = save(login(mentor.user), **{"daily_cap": "5", "buffer_before_minutes": "15"} | change)
    assert answer.status_code == 422
    assert said in answer.text
    typed = {"daily_cap": 'value="5"', "buffer_before_minutes": '<option value="15" selected>'}
    assert all(shown in answer.text for name, shown in typed.items() if name not in change)
    mentor.refresh_from_db()
    assert (mentor.buffer_before_minutes, mentor.daily_cap) == (0, None)


def test_the_profile_as_a_whole_has_to_stand(mentor, login, settings):
    settings.SETTLEMENT_CURRENCIES = ["usd"]
    answer = save(login(mentor.user), daily_cap="5")
    assert answer.status_code == 422
    assert "Prices can be in USD only." in answer.text


def test_rules_are_a_mentors_own(mentor, login, client):
    assert client.post(RULES, AS_IT_IS).status_code == 302
    assert login(factories.UserFactory()).post(RULES, AS_IT_IS).status_code == 403
    assert login(mentor.user).get(RULES).status_code == 405
    other = factories.MentorFactory()
    save(login(mentor.user), daily_cap="4")
    other.refresh_from_db()
    assert other.daily_cap is None


def test_the_page_speaks_german(mentor, login):
    mentor.user.language = "de"
    mentor.user.save()
    page = save(login(mentor.user), daily_cap="0").text
    assert "Eine Änderung gilt für alles, was danach gebucht wird." in page
    assert "größer oder gleich 1" in page
