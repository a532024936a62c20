"""Opening hours and days off: the verbs, the page and the API."""

import datetime as dt
import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from bookings.models import AvailabilitySlot, TimeOff
from bookings.services import availability as services
from bookings.wallclock import format_minutes, parse_minutes
from mentormatch.errors import Conflict, DomainError, InvalidInput, NotFound
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
PAGE = "/dashboard/availability/"
API = "/api/v1/availability"
NINE_TO_FIVE = {"start_minute": 540, "end_minute": 1020}
TYPED = {"start_time": "09:00", "end_time": "17:00"}


@pytest.fixture
def mentor(now):
    return factories.MentorFactory()


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("00:00", 0), ("09:30", 570), ("24:00", 1440), ("24:01", None), ("12:60", None),
     ("9:00", None), ("", None), ("٠٩:٠٠", None), ("09:00:00", None)],
)  # fmt: skip
def test_wall_clock_times_are_read_as_hh_mm(text, minutes):
    assert parse_minutes(text) == minutes
    if minutes is not None:
        assert format_minutes(minutes) == text


def test_windows_may_touch_and_not_overlap(mentor):
    services.add_window(mentor=mentor, weekday=0, **NINE_TO_FIVE)
    services.add_window(mentor=mentor, weekday=0, start_minute=1020, end_minute=1440)
    services.add_window(mentor=mentor, date=dt.date(2026, 6, 1), **NINE_TO_FIVE)
    for start, end in [(540, 1020), (600, 660), (0, 541)]:
        with pytest.raises(Conflict, match="overlaps"):
            services.add_window(mentor=mentor, weekday=0, start_minute=start, end_minute=end)
    assert AvailabilitySlot.objects.count() == 3


@pytest.mark.parametrize(
    "fields",
    [
        NINE_TO_FIVE,
        {"weekday": 0, "date": dt.date(2026, 6, 9), **NINE_TO_FIVE},
        {"weekday": 7, **NINE_TO_FIVE},
        {"weekday": 0, "start_minute": 600, "end_minute": 600},
        {"weekday": 0, "start_minute": 600, "end_minute": 1441},
        {"weekday": 0, "start_minute": -1, "end_minute": 60},
        {"date": dt.date(2026, 5, 31), **NINE_TO_FIVE},
        {"date": dt.date(2036, 5, 31), **NINE_TO_FIVE},
    ],
)
def test_a_window_that_can_not_be_is_refused(mentor, fields):
    with pytest.raises(InvalidInput):
        services.add_window(mentor=mentor, **fields)
    assert not AvailabilitySlot.objects.exists()


@pytest.mark.parametrize("day", [{"weekday": 2}, {"weekday": None, "date": NOW.date()}])
def test_the_database_keeps_a_window_once(mentor, day):
    factories.AvailabilityFactory(mentor=mentor, **day)
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.AvailabilityFactory(mentor=mentor, **day)


def test_another_mentors_window_and_a_removed_one_are_not_found(mentor):
    window = factories.AvailabilityFactory()
    with pytest.raises(NotFound):
        services.remove_window(mentor=mentor, window_id=window.pk)
    services.remove_window(mentor=window.mentor, window_id=window.pk)
    with pytest.raises(NotFound):
        services.remove_window(mentor=window.mentor, window_id=window.pk)


def test_time_off_does_not_overlap_and_touches_no_booking(mentor):
    booking = factories.BookingFactory(mentor=mentor)
    day = booking.starts_at.date()
    services.add_time_off(mentor=mentor, first_day=day, last_day=day)
    with pytest.raises(Conflict):
        services.add_time_off(mentor=mentor, first_day=day - dt.timedelta(days=1), last_day=day)
    for first, last in [(day, day - dt.timedelta(days=1)), (dt.date(2020, 1, 1),) * 2]:
        with pytest.raises(InvalidInput):
            services.add_time_off(mentor=mentor, first_day=first, last_day=last)
    booking.refresh_from_db()
    assert booking.status == "confirmed"
    assert booking.calendar_entry.is_live


@pytest.mark.django_db(transaction=True)
def test_of_two_overlapping_windows_at_once_one_is_kept():
    mentor = factories.MentorFactory()
    ready, refused = threading.Barrier(4), []

    def add(start):
        ready.wait()
        try:
            services.add_window(mentor=mentor, weekday=0, start_minute=start, end_minute=1020)
        except DomainError as error:
            refused.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=(540 + n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AvailabilitySlot.objects.count() == 1
    assert refused == ["overlaps"] * 3


def test_page_adds_and_removes_windows_and_names_the_zone(mentor, login):
    client = login(mentor.user)
    answer = client.post(PAGE, {"weekday": "0", **TYPED}, follow=True)
    assert "09:00 – 17:00" in answer.content.decode()
    assert "Europe/Berlin" in answer.content.decode()
    client.post(PAGE, {"date": "2026-06-09", "start_time": "18:00", "end_time": "24:00"})
    weekly, dated = AvailabilitySlot.objects.order_by("pk")
    assert (weekly.weekday, weekly.start_minute) == (0, 540)
    assert (dated.date, dated.end_minute) == (dt.date(2026, 6, 9), 1440)
    for window in (weekly, dated):
        client.post(reverse("bookings:availability_remove", args=[window.pk]))
    assert not AvailabilitySlot.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        {"weekday": "0", "start_time": "09:77", "end_time": "17:00"},
        {"weekday": "0", "start_time": "18:00", "end_time": "17:00"},
        {"weekday": "9", **TYPED},
        {"date": "2026-02-30", **TYPED},
        {"date": "2026-06-09", "weekday": "0", **TYPED},
        {"date": "2020-01-01", **TYPED},
        TYPED,
    ],
)
def test_page_keeps_what_was_typed_and_says_what_is_wrong(mentor, login, typed):
    answer = login(mentor.user).post(PAGE, typed)
    assert answer.status_code == 422
    assert "form-errors" in answer.content.decode()
    assert f'value="{typed["start_time"]}"' in answer.content.decode()
    assert not AvailabilitySlot.objects.exists()


def test_page_says_what_a_window_overlaps(mentor, login):
    factories.AvailabilityFactory(mentor=mentor)
    answer = login(mentor.user).post(PAGE, {"weekday": "0", **TYPED})
    assert answer.status_code == 422
    assert "overlaps with 09:00 to 17:00" in answer.content.decode()


def test_page_adds_and_removes_time_off(mentor, login):
    client = login(mentor.user)
    client.post(f"{PAGE}time-off/", {"first_day": "2026-06-09"})
    days_off = TimeOff.objects.get()
    assert days_off.last_day == dt.date(2026, 6, 9)
    refused = client.post(f"{PAGE}time-off/", {"first_day": "2026-06-08", "last_day": "2026-06-09"})
    assert refused.status_code == 422
    assert 'value="2026-06-08"' in refused.content.decode()
    client.post(reverse("bookings:time_off_remove", args=[days_off.pk]))
    assert not TimeOff.objects.exists()


def test_each_remove_button_says_what_it_removes(mentor, login):
    services.add_window(mentor=mentor, weekday=0, **NINE_TO_FIVE)
    services.add_window(mentor=mentor, date=dt.date(2026, 7, 1), **NINE_TO_FIVE)
    day = dt.date(2026, 7, 2)
    services.add_time_off(mentor=mentor, first_day=day, last_day=day)
    page = login(mentor.user).get(PAGE).text
    for about in ("Monday 09:00–17:00", "Wednesday, 1 July 2026 09:00–17:00", "2 July 2026"):
        assert f'Remove<span class="visually-hidden"> {about}</span>' in page


def test_pages_are_for_mentors_and_their_own(mentor, login, client):
    window = factories.AvailabilityFactory()
    remove = reverse("bookings:availability_remove", args=[window.pk])
    assert client.get(PAGE).status_code == 302
    assert client.post(remove).status_code == 302
    assert login(factories.UserFactory()).get(PAGE).status_code == 403
    assert login(mentor.user).post(remove).status_code == 404
    assert login(mentor.user).get(remove).status_code == 405
    assert AvailabilitySlot.objects.exists()


def test_page_costs_the_same_for_one_row_and_three(mentor, login, django_assert_num_queries):
    client = login(mentor.user)
    factories.AvailabilityFactory(mentor=mentor)
    client.get(PAGE)
    with django_assert_num_queries(4):
        client.get(PAGE)
    for day in (1, 2):
        factories.AvailabilityFactory(mentor=mentor, weekday=day)
        factories.TimeOffFactory(mentor=mentor, first_day=NOW.date() + dt.timedelta(days=day))
    with django_assert_num_queries(4):
        client.get(PAGE)


def post(client, **body):
    return client.post(API, body, content_type="application/json")


def test_api_adds_lists_and_removes_windows(mentor, api):
    client = api(mentor.user)
    made = post(client, weekday=6, start_time="00:00", end_time="24:00")
    assert made.status_code == 201
    assert made.json() == {
        "id": AvailabilitySlot.objects.get().pk, "weekday": 6, "date": None,
        "start_time": "00:00", "end_time": "24:00", "time_zone": "Europe/Berlin",
        "created_at": "2026-06-01T08:00:00Z",
    }  # fmt: skip
    assert post(client, date="2026-06-09", **TYPED).json()["date"] == "2026-06-09"
    listed = client.get(API).json()
    assert listed["count"] == 2
    assert made.json() in listed["items"]
    assert client.delete(f"{API}/{made.json()['id']}").status_code == 204
    assert client.delete(f"{API}/{made.json()['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (TYPED, 400),
        ({"weekday": 0, "date": "2026-06-09", **TYPED}, 400),
        ({"weekday": True, **TYPED}, 400),
        ({"weekday": 0, "start_time": "9:00", "end_time": "17:00"}, 400),
        ({"weekday": 0, "start_time": "17:00", "end_time": "09:00"}, 400),
        ({"date": "2026-02-30", **TYPED}, 400),
        ({"date": 1782864000, **TYPED}, 400),  # a day in the epoch's seconds: 1 July 2026
        ({"date": "1782864000", **TYPED}, 400),
        ({"date": "2026-06-09T00:00:00", **TYPED}, 400),
        ({"weekday": 0, "more": 1, **TYPED}, 400),
        ({"weekday": 0, **TYPED}, 409),
    ],
)
def test_api_refuses_in_the_one_shape(mentor, api, body, status):
    factories.AvailabilityFactory(mentor=mentor)
    answer = post(api(mentor.user), **body)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert AvailabilitySlot.objects.count() == 1


def test_api_is_for_mentors_and_their_own(mentor, api):
    window = factories.AvailabilityFactory()
    assert api(None).get(API).status_code == 401
    assert api(factories.UserFactory()).get(API).status_code == 403
    assert post(api(factories.UserFactory()), weekday=0, **TYPED).status_code == 403
    assert api(mentor.user).delete(f"{API}/{window.pk}").status_code == 404
