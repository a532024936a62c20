"""Mentors and their slots for programs."""

import datetime as dt

import pytest

from mentormatch.mentors.models import MentorProfile
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
LIST = "/api/v1/mentors"


@pytest.fixture
def mentor(now):
    mentor = factories.MentorFactory(
        topics=[factories.TopicFactory(name="Looms", slug="looms")], rating_sum=9, review_count=2
    )
    factories.open_every_day(mentor)
    return mentor


def test_list_has_the_shape_of_the_contract(mentor, api):
    answer = api(None).get(LIST).json()
    assert answer == {
        "count": 1,
        "items": [{
            "mentor_id": mentor.pk, "slug": mentor.slug, "name": mentor.name,
            "headline": mentor.headline, "topics": [{"slug": "looms", "name": "Looms"}],
            "languages": ["en"], "hourly_rate": 6000, "trial_rate": 0, "currency": "eur",
            "average_rating": 4.5, "review_count": 2, "total_sessions": 0,
            "next_slot_at": "2026-06-01T09:00:00Z",
        }],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("q=looms", 1), ("q=nobody", 0), ("topic=looms", 1), ("topic=x", 0), ("language=en", 1),
        ("language=de", 0), ("max_price=6000", 1), ("max_price=5999", 0),
        ("min_price=1&currency=usd", 0), ("currency=EUR", 1), ("sort=-price", 1), ("page=9", 1),
    ],
)  # fmt: skip
def test_list_takes_the_filters_of_the_page(mentor, api, query, count):
    assert api(None).get(f"{LIST}?{query}").json()["count"] == count


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page_size=101",
        "max_price=x",
        "min_price=-1",
        "sort=x",
        "q=%00",
        "sorted=price",
        "language=xx",
        "currency=chf",
    ],
)
def test_list_refuses_in_the_one_shape(mentor, api, query):
    answer = api(None).get(f"{LIST}?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_detail_says_how_to_book(mentor, api):
    answer = api(None).get(f"{LIST}/{mentor.pk}").json()
    assert answer["lengths"] == [30, 60, 90]
    assert answer["time_zone"] == "Europe/Berlin"
    assert answer["next_slot_at"] == "2026-06-01T09:00:00Z"


def test_an_unlisted_mentor_is_seen_by_its_owner_alone(mentor, api):
    MentorProfile.objects.update(status=MentorProfile.Status.DRAFT)
    assert api(None).get(f"{LIST}/{mentor.pk}").status_code == 404
    assert api(factories.UserFactory()).get(f"{LIST}/{mentor.pk}").status_code == 404
    assert api(mentor.user).get(f"{LIST}/{mentor.pk}").status_code == 200
    assert api(None).get(f"{LIST}/{mentor.pk}/slots").status_code == 404
    assert api(None).get(f"{LIST}/999999/slots").status_code == 404


def slots(client, mentor, **query):
    return client.get(f"{LIST}/{mentor.pk}/slots", query)


def test_slots_are_half_open_and_in_utc(mentor, api):
    answer = slots(
        api(None), mentor, duration_minutes=60,
        **{"from": "2026-06-02T09:00:00+02:00", "to": "2026-06-02T08:00:00Z"},
    )  # fmt: skip
    assert answer.json() == {
        "time_zone": "Europe/Berlin",
        "items": [
            {"starts_at": "2026-06-02T07:00:00Z", "ends_at": "2026-06-02T08:00:00Z"},
            {"starts_at": "2026-06-02T07:30:00Z", "ends_at": "2026-06-02T08:30:00Z"},
        ],
    }


def test_slots_are_of_the_next_seven_days_and_the_shortest_length(mentor, api):
    items = slots(api(None), mentor).json()["items"]
    assert items[0] == {"starts_at": "2026-06-01T09:00:00Z", "ends_at": "2026-06-01T09:30:00Z"}
    assert items[-1]["starts_at"] == "2026-06-08T07:30:00Z"


def test_slots_leave_out_what_is_booked_and_where_the_asker_is(mentor, api):
    booked = factories.BookingFactory(mentor=mentor, duration_minutes=30)
    busy = factories.BookingFactory(
        starts_at=booked.starts_at + dt.timedelta(hours=2), duration_minutes=30
    )

    def starts(client):
        query = {"from": "2026-06-03T00:00:00Z", "to": "2026-06-04T00:00:00Z"}
        return [item["starts_at"] for item in slots(client, mentor, **query).json()["items"]]

    assert "2026-06-03T08:00:00Z" not in starts(api(None))
    assert "2026-06-03T10:00:00Z" in starts(api(None))
    assert "2026-06-03T10:00:00Z" not in starts(api(busy.mentee))


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-06-01T00:00:00"},
        {"from": "yesterday"},
        {"from": "2026-06-02T00:00:00Z", "to": "2026-06-01T00:00:00Z"},
        {"from": "2026-06-01T00:00:00Z", "to": "2026-07-02T00:00:01Z"},
        {"from": "9999-12-31T00:00:00Z"},
        {"until": "2026-06-02T00:00:00Z"},
        {"to": "0001-01-01T00:00:00Z"},
        {"duration_minutes": "45"},
        {"duration_minutes": "14"},
        {"session_type": "group"},
        {"session_type": "lunch"},
    ],
)
def test_slots_refuse_what_makes_no_sense(mentor, api, query):
    answer = slots(api(None), mentor, **query)
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2020-01-01T00:00:00Z", "to": "2020-01-31T00:00:00Z"},
        {"from": "9999-01-01T00:00:00Z", "to": "9999-01-31T00:00:00Z"},
    ],
)
def test_slots_of_other_times_are_none(mentor, api, query):
    assert slots(api(None), mentor, **query).json()["items"] == []


def test_slots_of_a_mentor_who_can_not_be_paid_are_the_free_ones(mentor, api):
    MentorProfile.objects.update(is_payable=False)
    assert slots(api(None), mentor).json()["items"] == []
    assert slots(api(None), mentor, session_type="trial").json()["items"]


def test_slots_cost_a_fixed_number_of_queries(mentor, api, django_assert_num_queries):
    client = api(None)
    for days in (0, 1):
        query = {"from": NOW.isoformat(), "to": (NOW + dt.timedelta(days=7)).isoformat()}
        with django_assert_num_queries(3):
            slots(client, mentor, **query)
        factories.BookingFactory(mentor=mentor, starts_at=NOW + dt.timedelta(days=days, hours=3))


def test_a_bad_token_is_refused_even_where_none_is_needed(mentor, client):
    answer = client.get(LIST, headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401
