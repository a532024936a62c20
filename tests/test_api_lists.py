"""Lists of the API: what one costs doesn't grow with its rows, and its pages are bounded.

Every list that the description names has a way here to make one more row of it.
"""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.models import Booking
from tests.conftest import NOW
from tests.factories import (
    AvailabilityFactory,
    BookingFactory,
    GroupSessionFactory,
    MentorFactory,
    PayoutFactory,
    PlanFactory,
    ReviewFactory,
    SeatFactory,
    SessionFactory,
    SubscriptionFactory,
    TopicFactory,
    TransactionFactory,
    open_every_day,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_engine,
    pytest.mark.usefixtures("now"),
]
DESCRIBED = Client().get("/api/v1/openapi.json", headers={"host": "localhost"}).json()


class Owner:
    """A mentor who asks, and how another row of each list comes to be."""

    def __init__(self):
        self.mentor = MentorFactory(topics=[TopicFactory()])
        self.user = self.mentor.user
        self.session = SessionFactory(
            booking=BookingFactory(mentor=self.mentor, completed=True), completed=True
        )

    def another_mentor(self):
        open_every_day(MentorFactory(topics=[TopicFactory()]))

    def another_day(self):
        day = self.mentor.availability.count() + 1
        AvailabilityFactory(mentor=self.mentor, date=NOW.date().replace(day=day))

    def another_booking(self):
        start = NOW + dt.timedelta(hours=2 * Booking.objects.count())
        SessionFactory(booking=BookingFactory(mentee=self.user, starts_at=start))

    def another_charge(self):
        TransactionFactory(booking__mentor=self.mentor, booking__cancelled=True)

    def another_review(self):
        ReviewFactory(mentor=self.mentor)

    def another_seat_reviewed(self):
        seat = SeatFactory(session=self.session, booking__completed=True)
        ReviewFactory(session=self.session, reviewer=seat.booking.mentee)


# What makes a row more, and how many queries the list takes: the token's two
# included, and no count, for it is whole.
LISTS = {
    "/mentors": (Owner.another_mentor, 6),
    "/availability": (Owner.another_day, 3),
    "/bookings": (Owner.another_booking, 3),
    "/group-sessions": (lambda owner: GroupSessionFactory(), 3),
    "/payments/plans": (lambda owner: PlanFactory(), 3),
    "/payments/subscriptions": (lambda owner: SubscriptionFactory(mentee=owner.user), 4),
    "/payments/transactions": (Owner.another_charge, 3),
    "/payments/payouts": (lambda owner: PayoutFactory(mentor=owner.mentor), 3),
    "/reviews/mentor/{mentor_id}": (Owner.another_review, 5),
    "/reviews/session/{session_id}": (Owner.another_seat_reviewed, 4),
}
# Of these one asks for all: a session's seats are few, and slots are asked for by their days.
WHOLE = {"/reviews/session/{session_id}", "/mentors/{mentor_id}/slots"}


def shapes(schema):
    """Every object that an answer can be."""
    while "$ref" in schema:
        schema = DESCRIBED["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for option in schema.get("anyOf", ()):
        yield from shapes(option)
    yield schema


def lists():
    for path, methods in DESCRIBED["paths"].items():
        read = methods.get("get", {"responses": {}})
        content = read["responses"].get("200", {}).get("content", {})
        for answer in content.values():
            if any("items" in shape.get("properties", ()) for shape in shapes(answer["schema"])):
                yield path.removeprefix("/api/v1"), read


def test_every_list_is_looked_at_and_its_pages_are_bounded():
    found = dict(lists())
    assert found.keys() == LISTS.keys() | WHOLE
    for path in found.keys() - WHOLE:
        bounds = {p["name"]: p["schema"].get("maximum") for p in found[path]["parameters"]}
        assert bounds["page_size"] == 100, path
        assert bounds["page"], path


@pytest.mark.parametrize("path", LISTS)
def test_a_list_costs_the_same_with_one_row_and_with_three(api, path):
    owner = Owner()
    client, (add, cost) = api(owner.user), LISTS[path]
    url = "/api/v1" + path.format(mentor_id=owner.mentor.pk, session_id=owner.session.code)
    costs, lengths = [], []
    for more in (1, 2):
        for _ in range(more):
            add(owner)
        with CaptureQueriesContext(connection) as queries:
            lengths.append(len(client.get(url).json()["items"]))
        costs.append(len(queries))
    assert lengths[1] - lengths[0] == 2
    assert costs == [cost, cost]
    if path not in WHOLE:
        pages = [client.get(url, {"page": n, "page_size": 1}).json() for n in range(1, 5)]
        whole = client.get(url).json()
        assert [item for page in pages for item in page["items"]] == whole["items"]
        assert {page["count"] for page in pages} == {whole["count"]}
