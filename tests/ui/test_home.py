import pytest
from django.urls import reverse

from tests.factories import MentorFactory, TopicFactory, UserFactory, open_every_day
from tests.pages import assert_clean

pytestmark = pytest.mark.django_db


def test_home_shows_who_can_be_met_and_when(client, now):
    topic = TopicFactory(name="Career change")
    mentor = MentorFactory(topics=[topic], review_count=2, rating_sum=9)
    open_every_day(mentor)
    MentorFactory(draft=True, headline="Not yet")
    TopicFactory(name="Nobody's topic")
    client.cookies["time_zone"] = "Europe/Berlin"
    answer = client.get("/")
    page = answer.content.decode()
    assert_clean(answer)
    assert reverse("mentors:detail", args=[mentor.slug]) in page
    assert "€60.00" in page
    assert "4.5 out of 5 stars" in page
    assert 'datetime="2026-06-01T09:00:00Z"' in page
    assert f"{reverse('mentors:list')}?topic={topic.slug}" in page
    assert "Not yet" not in page
    assert "Nobody&#x27;s topic" not in page


def test_home_with_nobody_says_what_to_do(client):
    answer = client.get("/")
    assert "Nobody is listed yet" in answer.content.decode()
    assert_clean(answer)


def test_home_searches_by_a_plain_form(client):
    page = client.get("/").content.decode()
    assert f'action="{reverse("mentors:list")}"' in page
    assert 'method="get"' in page


def test_home_costs_the_same_with_one_and_three(login, django_assert_max_num_queries):
    client = login(UserFactory())
    counts = []
    for _ in range(2):
        with django_assert_max_num_queries(20) as captured:
            client.get("/")
        counts.append(len(captured))
        for topic in (TopicFactory(), TopicFactory(), TopicFactory()):
            open_every_day(MentorFactory(topics=[topic]))
    with django_assert_max_num_queries(20) as captured:
        client.get("/")
    assert counts[1] >= counts[0]
    assert len(captured) == counts[1]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_home_only_reads(client, method):
    assert getattr(client, method)("/").status_code == 405
