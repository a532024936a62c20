"""Group sessions over the API: the list, one of them, and a seat as a booking."""

import datetime as dt

import pytest

from bookings.models import Booking
from bookings.services.seats import book_seat
from mentormatch import times
from tests.bookings.race_guards import broken
from tests.factories import GroupSessionFactory, MentorFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST, BOOKINGS = "/api/v1/group-sessions", "/api/v1/bookings"


def body(group, **changes):
    wanted = {
        "mentor_id": group.mentor.pk,
        "scheduled_at": times.format_instant(group.starts_at),
        "duration_minutes": group.duration_minutes,
        "session_type": "group",
        "group_session_id": group.code,
    }
    return wanted | changes


def post(client, payload):
    return client.post(BOOKINGS, payload, content_type="application/json")


def test_the_list_needs_no_token_and_says_what_is_left(api):
    group = GroupSessionFactory(mentor__user__full_name="Grace Hopper")
    book_seat(group=group, mentee=UserFactory())
    shown = {
        "id": group.code,
        "mentor_id": group.mentor.pk,
        "mentor_name": "Grace Hopper",
        "title": "Read a query plan",
        "description": "Bring a query that is too slow. We read its plan together.",
        "starts_at": times.format_instant(group.starts_at),
        "ends_at": times.format_instant(group.ends_at),
        "duration_minutes": 60,
        "seats": 3,
        "seats_left": 2,
        "price": 1500,
        "currency": "eur",
        "status": "scheduled",
    }
    assert api(None).get(LIST).json() == {"items": [shown], "count": 1}
    assert api(None).get(f"{LIST}/{group.code}").json() == shown


def test_the_list_is_of_listed_mentors_to_come_and_of_one_if_asked(api):
    start = times.now() + dt.timedelta(days=3)
    later, sooner = GroupSessionFactory(starts_at=start), GroupSessionFactory()
    draft = GroupSessionFactory(mentor__draft=True)
    GroupSessionFactory(starts_at=times.now() - dt.timedelta(days=1))

    def codes(**query):
        return [item["id"] for item in api(None).get(LIST, query).json()["items"]]

    assert codes() == [sooner.code, later.code]
    assert codes(mentor_id=later.mentor.pk) == [later.code]
    assert codes(page=2, page_size=1) == [later.code]
    for code in (draft.code, "nonsense"):
        assert api(None).get(f"{LIST}/{code}").status_code == 404
    assert api(None).get(LIST, {"mentor_id": "x"}).status_code == 400


def test_a_seat_is_booked_and_names_its_group(api):
    group, mentee = GroupSessionFactory(), UserFactory()
    client = api(mentee)
    answer = post(client, body(group, notes="Mine is slow"))
    assert answer.status_code == 201
    got = answer.json()
    assert (got["session_type"], got["price"], got["platform_fee"]) == ("group", 1500, 150)
    assert (got["payment_required"], got["notes"]) == (True, "Mine is slow")
    assert Booking.objects.get().group_session == group
    detail = client.get(f"{BOOKINGS}/{got['id']}").json()
    assert detail["group_session"] == {"id": group.code, "title": "Read a query plan"}
    again = post(client, body(group))
    assert (again.status_code, again.json()["code"]) == (409, "mentee_busy")


def test_the_last_seat_is_sold_once(api):
    group = GroupSessionFactory(seats=1)
    assert post(api(UserFactory()), body(group)).status_code == 201
    answer = post(api(UserFactory()), body(group))
    assert (answer.status_code, answer.json()["code"]) == (409, "sold_out")
    assert answer.json()["detail"].startswith("The last seat was just taken.")
    assert broken() == {}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"scheduled_at": "2026-06-03T10:00:00Z"}, 409, "slot_unavailable"),
        ({"duration_minutes": 90}, 409, "slot_unavailable"),
        ({"group_session_id": "nonsense"}, 404, "not_found"),
        ({"group_session_id": None}, 400, "group_not_offered"),
        ({"session_type": "one_on_one"}, 400, "invalid"),
        ({"mentor_id": 999_999}, 404, "not_found"),
    ],
)
def test_what_names_no_group_session_is_refused(api, changes, status, code):
    answer = post(api(UserFactory()), body(GroupSessionFactory(), **changes))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Booking.objects.exists()


def test_who_may_take_a_seat(api):
    group = GroupSessionFactory()
    assert post(api(None), body(group)).status_code == 401
    own = post(api(group.mentor.user), body(group))
    assert (own.status_code, own.json()["code"]) == (400, "own_profile")
    other = GroupSessionFactory(mentor__draft=True)
    assert post(api(UserFactory()), body(other)).status_code == 404
    assert post(api(MentorFactory().user), body(group)).status_code == 201


def test_a_seat_is_not_moved_but_cancelled_alone(api):
    group = GroupSessionFactory(price_minor=0)
    seat = book_seat(group=group, mentee=UserFactory())
    other = book_seat(group=group, mentee=UserFactory())
    client, path = api(seat.mentee), f"{BOOKINGS}/{seat.code}"
    later = {"scheduled_at": times.format_instant(group.starts_at + dt.timedelta(days=1))}
    moved = client.put(f"{path}/reschedule", later, content_type="application/json")
    assert (moved.status_code, moved.json()["code"]) == (409, "not_movable")
    assert client.put(f"{path}/cancel").json()["status"] == "cancelled"
    other.refresh_from_db()
    assert other.status == Booking.Status.CONFIRMED
    assert api(None).get(f"{LIST}/{group.code}").json()["seats_left"] == 2
