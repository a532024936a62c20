import pytest

from mentormatch import times
from reviews.models import Review
from reviews.services import write_review
from tests.factories import MentorFactory, ReviewFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(now):
    return SessionFactory(completed=True)


def mentee_of(session):
    return session.bookings[0].mentee


def send(client, session, **given):
    body = {"session_id": session.code, "rating": 4, "is_public": True} | given
    return client.post("/api/v1/reviews", body, content_type="application/json")


def test_a_mentee_writes_one_review(api, session):
    client = api(mentee_of(session))
    written = send(client, session, comment="Danke!")
    assert written.status_code == 201
    assert written.json() == {
        "id": Review.objects.get().code,
        "session_id": session.code,
        "mentor_id": session.mentor_id,
        "reviewer_name": mentee_of(session).get_short_name(),
        "rating": 4,
        "comment": "Danke!",
        "is_public": True,
        "created_at": "2026-06-01T08:00:00Z",
    }
    again = send(client, session)
    assert (again.status_code, again.json()["code"]) == (409, "already_reviewed")


@pytest.mark.parametrize(
    "given", [{"rating": 0}, {"rating": 6}, {"rating": "4"}, {"rating": 4.5}, {"is_public": None},
              {"comment": "x" * 2001}, {"stars": 1}]
)  # fmt: skip
def test_what_is_not_a_review_is_refused(api, session, given):
    refused = send(api(mentee_of(session)), session, **given)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    assert [error["field"] for error in refused.json()["errors"]] == list(given)
    assert not Review.objects.exists()


def test_who_may_not_write_one(api, session, now):
    running = SessionFactory(in_progress=True)
    assert send(api(session.mentor.user), session).status_code == 403
    assert send(api(UserFactory()), session).status_code == 404
    assert send(api(None), session).status_code == 401
    early = send(api(mentee_of(running)), running)
    assert (early.status_code, early.json()["code"]) == (409, "invalid_state")


def test_everyone_reads_the_public_ones_and_their_figures(api, session, client):
    for rating in (5, 2):
        made = SessionFactory(completed=True, mentor=session.mentor)
        write_review(session=made, reviewer=mentee_of(made), rating=rating)
    mine = write_review(session=session, reviewer=mentee_of(session), rating=1, is_public=False)
    address = f"/api/v1/reviews/mentor/{session.mentor_id}"
    seen = client.get(address).json()
    assert [item["rating"] for item in seen.pop("items")] == [2, 5]
    figures = {
        "average_rating": 3.5,
        "review_count": 2,
        "distribution": {"1": 0, "2": 1, "3": 0, "4": 0, "5": 1},
    }
    assert seen == figures | {"count": 2}
    for user in (mine.reviewer, session.mentor.user, UserFactory(staff=True)):
        seen = api(user).get(address).json()
        assert mine.code in [item["id"] for item in seen.pop("items")]
        assert seen == figures | {"count": 3}
    assert client.get(f"{address}?page=2&page_size=1").json()["items"][0]["rating"] == 5


def test_reviews_of_who_isnt_listed_are_not_there(client):
    for missing in (MentorFactory(draft=True).pk, 999_999):
        assert client.get(f"/api/v1/reviews/mentor/{missing}").status_code == 404


def test_a_bad_token_is_refused_even_where_none_is_needed(client, session):
    address = f"/api/v1/reviews/mentor/{session.mentor_id}"
    assert client.get(address, headers={"Authorization": "Bearer forged"}).status_code == 401


def test_a_sessions_reviews(api, session):
    address = f"/api/v1/reviews/session/{session.code}"
    assert api(mentee_of(session)).get(address).status_code == 404
    assert api(session.mentor.user).get(address).json() == {"items": []}
    review = ReviewFactory(session=session, is_public=False)
    assert api(mentee_of(session)).get(address).json()["id"] == review.code
    (item,) = api(session.mentor.user).get(address).json()["items"]
    assert item["id"] == review.code
    assert api(UserFactory()).get(address).status_code == 404
    assert api(None).get(address).status_code == 401


def test_a_hidden_review_is_seen_by_its_writer_and_staff_alone(api, session):
    review = ReviewFactory(session=session, hidden_at=times.now())
    address = f"/api/v1/reviews/session/{session.code}"
    assert api(session.mentor.user).get(address).json() == {"items": []}
    assert api(review.reviewer).get(address).json()["id"] == review.code


def test_its_writer_deletes_it(api, session):
    review = write_review(session=session, reviewer=mentee_of(session), rating=5)
    address = f"/api/v1/reviews/{review.code}"
    assert api(session.mentor.user).delete(address).status_code == 403
    assert api(UserFactory()).delete(address).status_code == 404
    assert api(None).delete(address).status_code == 401
    writer = api(review.reviewer)
    assert writer.delete(address).status_code == 204
    assert writer.delete(address).status_code == 404
    session.mentor.refresh_from_db()
    assert session.mentor.review_count == 0
