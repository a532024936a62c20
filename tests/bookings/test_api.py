"""Bookings over the API: contract.md, numbers 1 to 6."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings import services
from bookings.models import Booking
from bookings.schemas.bookings import BookingOut
from tests.conftest import NOW
from tests.factories import (
    BookingFactory,
    MentorFactory,
    SessionFactory,
    UserFactory,
    open_every_day,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
HOUR = dt.timedelta(hours=1)
SLOT = NOW + 48 * HOUR
URL = "/api/v1/bookings"


@pytest.fixture
def mentor():
    mentor = MentorFactory(user__full_name="Ada Vogel")
    open_every_day(mentor)
    return mentor


@pytest.fixture
def mentee():
    return UserFactory(full_name="Bo Lind")


def body(mentor, **changes):
    wanted = {
        "mentor_id": mentor.pk,
        "scheduled_at": "2026-06-03T10:00:00+02:00",
        "duration_minutes": 60,
        "session_type": "one_on_one",
    }
    return wanted | changes


def post(client, payload):
    return client.post(URL, payload, content_type="application/json")


def put(client, booking, verb, payload=None):
    content = {} if payload is None else {"data": payload, "content_type": "application/json"}
    return client.put(f"{URL}/{booking.code}/{verb}", **content)


def test_booking_a_paid_slot(api, mentor, mentee):
    answer = post(api(mentee), body(mentor, notes="My deploy"))
    assert answer.status_code == 201
    booking = Booking.objects.get()
    assert answer.json() == {
        "id": booking.code,
        "mentor_id": mentor.pk,
        "mentee_id": mentee.pk,
        "scheduled_at": "2026-06-03T08:00:00Z",
        "ends_at": "2026-06-03T09:00:00Z",
        "duration_minutes": 60,
        "session_type": "one_on_one",
        "status": "pending",
        "price": 6000,
        "platform_fee": 600,
        "currency": "eur",
        "payment_required": True,
        "hold_expires_at": "2026-06-01T08:35:00Z",
        "answer_by": None,
        "free_cancellation_until": "2026-06-02T08:00:00Z",
        "notes": "My deploy",
        "created_at": "2026-06-01T08:00:00Z",
    }


def test_booking_a_free_trial(api, mentor, mentee):
    answer = post(api(mentee), body(mentor, duration_minutes=30, session_type="trial"))
    assert answer.status_code == 201
    got = answer.json()
    assert (got["status"], got["price"], got["payment_required"]) == ("confirmed", 0, False)
    assert got["hold_expires_at"] is None


def test_a_taken_slot_names_the_nearest(api, mentor, mentee):
    BookingFactory(mentor=mentor, starts_at=SLOT)
    answer = post(api(mentee), body(mentor))
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "slot_unavailable"
    assert answer.json()["nearest"][1] == {
        "starts_at": "2026-06-03T09:00:00Z",
        "ends_at": "2026-06-03T10:00:00Z",
    }


def test_the_same_again_is_a_conflict(api, mentor, mentee):
    client = api(mentee)
    assert post(client, body(mentor)).status_code == 201
    again = post(client, body(mentor))
    assert (again.status_code, again.json()["code"]) == (409, "mentee_busy")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scheduled_at": "2026-06-03T08:00:00"}, "scheduled_at"),
        ({"scheduled_at": "2026-05-03T08:00:00Z"}, "scheduled_at"),
        ({"scheduled_at": "2026-06-01T08:30:00Z"}, "scheduled_at"),
        ({"scheduled_at": "2027-06-03T08:00:00Z"}, "scheduled_at"),
        ({"scheduled_at": "2026-02-30T08:00:00Z"}, "scheduled_at"),
        ({"scheduled_at": "9999-12-31T23:59:59Z"}, "scheduled_at"),
        ({"group_session_id": "abc"}, "group_session_id"),
        ({"scheduled_at": 1780000000}, "scheduled_at"),
        ({"duration_minutes": 14}, "duration_minutes"),
        ({"duration_minutes": 181}, "duration_minutes"),
        ({"duration_minutes": 45}, "duration_minutes"),
        ({"duration_minutes": "60"}, "duration_minutes"),
        ({"session_type": "group"}, "session_type"),
        ({"session_type": "party"}, "session_type"),
        ({"notes": "x" * 2001}, "notes"),
        ({"mentor_id": 0}, "mentor_id"),
        ({"extra": 1}, "extra"),
    ],
)
def test_what_can_never_be_is_400(api, mentor, mentee, change, field):
    answer = post(api(mentee), body(mentor, **change))
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Booking.objects.exists()


def test_who_cannot_be_booked_is_404(api, mentee):
    answer = post(api(mentee), body(MentorFactory(draft=True)))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_time_that_is_merely_not_offered_is_409(api, mentor, mentee):
    answer = post(api(mentee), body(mentor, scheduled_at="2026-06-03T03:00:00Z"))
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_unavailable")


def test_one_booking_in_detail(api, mentor, mentee):
    booking = BookingFactory(mentor=mentor, mentee=mentee, starts_at=SLOT)
    session = SessionFactory(booking=booking)
    for user in (mentee, mentor.user):
        got = api(user).get(f"{URL}/{booking.code}").json()
        assert (got["id"], got["mentor_name"], got["mentee_name"]) == (
            booking.code,
            "Ada Vogel",
            "Bo Lind",
        )
        assert got["session"] == {
            "id": session.code,
            "status": "scheduled",
            "starts_at": "2026-06-03T08:00:00Z",
        }
        assert got["cancellation"] is None


def test_the_list_is_ones_own_filtered_and_paged(api, mentor, mentee):
    first = BookingFactory(mentor=mentor, mentee=mentee, starts_at=SLOT)
    taught = BookingFactory(mentor=mentor, to_pay=True, starts_at=SLOT + 2 * HOUR)
    learnt = BookingFactory(mentee=mentor.user, completed=True)
    client = api(mentor.user)

    def codes(**query):
        page = client.get(URL, query).json()
        assert page["count"] >= len(page["items"])
        return [item["id"] for item in page["items"]]

    assert codes() == [taught.code, first.code, learnt.code]
    assert codes(role="mentor") == [taught.code, first.code]
    assert codes(role="mentee") == [learnt.code]
    assert codes(status="confirmed") == [first.code]
    assert codes(page=2, page_size=2) == [learnt.code]
    assert api(mentee).get(URL).json()["count"] == 1
    for bad in ({"status": "lost"}, {"role": "staff"}, {"page": 0}, {"page_size": 101}):
        assert client.get(URL, bad).status_code == 400


def test_a_list_is_counted_where_more_may_follow(api, mentee, django_assert_num_queries):
    client = api(mentee)
    for n in range(3):
        BookingFactory(mentee=mentee, starts_at=SLOT + 2 * n * HOUR)
    with django_assert_num_queries(3):
        assert client.get(URL).json()["count"] == 3
    with django_assert_num_queries(4):
        assert client.get(URL, {"page_size": 3}).json()["count"] == 3
    assert client.get(URL, {"page": 5}).json() == {"items": [], "count": 3}


def test_the_list_tells_the_same_as_one_of_them(api, mentor):
    made = [BookingFactory(mentor=mentor, starts_at=SLOT)]
    made.append(BookingFactory(mentor=mentor, completed=True))
    made.append(BookingFactory(mentor=mentor, to_pay=True, starts_at=SLOT + 2 * HOUR, notes="Ü"))
    made.append(BookingFactory(mentor=mentor, requested=True, starts_at=SLOT + 4 * HOUR))
    client = api(mentor.user)
    for item in client.get(URL).json()["items"]:
        one = client.get(f"{URL}/{item['id']}").json()
        assert item == {name: one[name] for name in BookingOut.model_fields}
    pending = client.get(URL, {"status": "pending", "role": "mentor"}).json()["items"]
    assert pending[0]["answer_by"] is not None
    item = pending[1]
    assert (item["id"], item["payment_required"], item["notes"]) == (made[2].code, True, "Ü")


def test_cancelling(api, mentor, mentee):
    booking = BookingFactory(mentor=mentor, mentee=mentee, starts_at=SLOT)
    for _ in range(2):
        answer = put(api(mentee), booking, "cancel", {"reason": "Ill"})
        assert answer.status_code == 200
        assert answer.json()["status"] == "cancelled"
        assert answer.json()["cancellation"] == {
            "by": "mentee",
            "code": "cancelled",
            "at": "2026-06-01T08:00:00Z",
            "reason": "Ill",
            "refund_amount": 6000,
        }
    other = put(api(mentor.user), booking, "cancel")
    assert (other.status_code, other.json()["code"]) == (409, "invalid_state")


def test_cancelling_without_a_body(api, mentee):
    booking = BookingFactory(mentee=mentee)
    assert put(api(mentee), booking, "cancel").json()["cancellation"]["reason"] == ""


def test_a_long_reason_is_400(api, mentee):
    booking = BookingFactory(mentee=mentee)
    assert put(api(mentee), booking, "cancel", {"reason": "x" * 501}).status_code == 400


def test_moving_to_another_time(api, mentor, mentee):
    booking = BookingFactory(mentor=mentor, mentee=mentee, starts_at=SLOT)
    BookingFactory(mentor=mentor, starts_at=SLOT + 3 * HOUR)
    client = api(mentee)
    answer = put(client, booking, "reschedule", {"scheduled_at": "2026-06-03T09:00:00Z"})
    assert answer.status_code == 200
    assert answer.json()["scheduled_at"] == "2026-06-03T09:00:00Z"
    taken = put(client, booking, "reschedule", {"scheduled_at": "2026-06-03T11:00:00Z"})
    assert (taken.status_code, taken.json()["code"]) == (409, "slot_unavailable")
    assert len(taken.json()["nearest"]) == 3
    for year in (2025, 9999):
        never = put(client, booking, "reschedule", {"scheduled_at": f"{year}-12-31T23:59:59Z"})
        assert never.status_code == 400
        assert never.json()["errors"][0]["field"] == "scheduled_at"


def test_moving_too_late(api, mentee, freeze):
    booking = BookingFactory(mentee=mentee, starts_at=SLOT)
    freeze(SLOT - HOUR)
    answer = put(api(mentee), booking, "reschedule", {"scheduled_at": "2026-06-05T09:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_late")


def test_confirming_a_request(api, mentee):
    mentor = MentorFactory(requires_approval=True)
    open_every_day(mentor)
    booking = services.book_slot(
        mentor=mentor, mentee=mentee, starts_at=SLOT, duration_minutes=30, session_type="trial"
    )
    assert put(api(mentee), booking, "confirm").status_code == 403
    for _ in range(2):
        assert put(api(mentor.user), booking, "confirm").json()["status"] == "confirmed"


def test_what_is_to_be_paid_is_not_confirmed_by_hand(api, mentor, mentee):
    booking = BookingFactory(mentor=mentor, mentee=mentee, to_pay=True)
    answer = put(api(mentor.user), booking, "confirm")
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_required")


@pytest.mark.parametrize(
    ("verb", "payload"),
    [
        ("cancel", {}),
        ("reschedule", {"scheduled_at": "2026-06-05T09:00:00Z"}),
        ("confirm", None),
        ("", None),
    ],
)
def test_strangers_get_404_and_nobody_401(api, mentee, verb, payload):
    booking = BookingFactory(mentee=mentee)

    def ask(client):
        if verb:
            return put(client, booking, verb, payload)
        return client.get(f"{URL}/{booking.code}")

    for stranger in (UserFactory(), MentorFactory().user, UserFactory(staff=True)):
        answer = ask(api(stranger))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert ask(api(None)).status_code == 401


def test_nobody_books_and_lists_nothing(api, mentor):
    assert post(api(None), body(mentor)).status_code == 401
    assert api(None).get(URL).status_code == 401


def test_booking_costs_the_same_whoever_booked_before(api, mentor, mentee):
    """Who asks (2); the mentor; both people and the mentor locked (2); the calendar (2); a credit
    that pays for it; what the mentee has still to pay; the booking and its entry (2)."""
    for other in range(3):
        BookingFactory(mentor=mentor, starts_at=SLOT + (6 + other) * HOUR)
        client = api(UserFactory() if other else mentee)
        at = {"scheduled_at": f"2026-06-03T1{other}:00:00+02:00"}
        with CaptureQueriesContext(connection) as queries:
            assert post(client, body(mentor, **at)).status_code == 201
        control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
        asked = [q["sql"] for q in queries if not q["sql"].startswith(control)]
        assert len(asked) == 11, asked
