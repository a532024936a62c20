"""A mentor's profile: what it may say, and who moves it from state to state."""

import threading

import pytest
from django.db import connection

from mentormatch.errors import Conflict, DomainError, InvalidInput
from mentormatch.mentors import services
from mentormatch.mentors.models import MentorProfile
from tests import factories

pytestmark = pytest.mark.django_db
Status = MentorProfile.Status


def create(user=None, **fields):
    user = user or factories.UserFactory(full_name="Ada Lovelace", verified=True)
    fields = {"headline": "Engines", "bio": "Notes", "hourly_rate_minor": 6000} | fields
    return services.create_or_update_profile(user=user, **fields)


def reload(mentor):
    return MentorProfile.objects.select_related("user").get(pk=mentor.pk)


def test_a_new_profile_is_a_draft_in_its_owners_zone():
    mentor = reload(create(topics=[factories.TopicFactory()], lengths=[60, 30, 60]))
    assert (mentor.status, mentor.slug) == (Status.DRAFT, "ada-lovelace")
    assert mentor.time_zone == "Europe/Berlin"
    assert mentor.lengths == [30, 60]
    assert mentor.topics.count() == 1


def test_what_is_not_given_stays():
    mentor = create(topics=[factories.TopicFactory()])
    services.record_payability(mentor_id=mentor.pk, is_payable=True)
    again = reload(create(mentor.user, headline="Looms"))
    assert (again.pk, again.headline, again.bio) == (mentor.pk, "Looms", "Notes")
    assert again.topics.count() == 1
    assert again.is_payable


def test_the_address_is_unique_and_stays_once_listed():
    mentor = create()
    assert create(factories.UserFactory(full_name="Ada Lovelace")).slug == "ada-lovelace-2"
    assert create(factories.UserFactory(full_name="王小明")).slug == "mentor"
    assert create(mentor.user, full_name="Ada King").slug == "ada-king"
    services.approve(mentor=reload(mentor))
    assert create(mentor.user, full_name="Ada Byron").slug == "ada-king"
    assert reload(mentor).name == "Ada Byron"


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"currency": "gbp"}, "currency"),
        ({"currency": "EUR"}, "currency"),
        ({"country": "BR"}, "country"),
        ({"lengths": []}, "lengths"),
        ({"lengths": [10]}, "lengths"),
        ({"lengths": [200]}, "lengths"),
        ({"languages": []}, "languages"),
        ({"languages": ["xx"]}, "languages"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"step_minutes": 0}, "step_minutes"),
        ({"daily_cap": 0}, "daily_cap"),
        ({"trial_minutes": 10}, "trial_minutes"),
        # 15 minutes at 1.96 an hour are 0.49: Stripe charges 0.50 at least.
        ({"lengths": [15, 60], "hourly_rate_minor": 196}, "hourly_rate_minor"),
        ({"trial_rate_minor": 49}, "trial_rate_minor"),
        ({"lengths": [180], "hourly_rate_minor": 99_999_999}, "hourly_rate_minor"),
    ],
)
def test_a_profile_that_could_not_work_is_refused_where_it_says_so(fields, at_fault):
    with pytest.raises(InvalidInput) as refused:
        create(**fields)
    assert [error["field"] for error in refused.value.errors] == [at_fault]
    assert not MentorProfile.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"hourly_rate_minor": 0, "trial_rate_minor": None},
        {"lengths": [15], "hourly_rate_minor": 198, "trial_rate_minor": 50},
        {"currency": "usd", "country": "US"},
    ],
)
def test_free_and_the_least_price_are_fine(fields):
    create(**fields)


def test_every_fault_is_named_at_once():
    with pytest.raises(InvalidInput) as refused:
        create(country="BR", lengths=[], languages=[])
    assert {error["field"] for error in refused.value.errors} == {"country", "lengths", "languages"}


def test_the_way_to_being_listed_and_off_it_again():
    mentor = create(topics=[factories.TopicFactory()])
    assert services.submit_for_review(mentor=mentor).status == Status.IN_REVIEW
    assert services.send_back(mentor=mentor, reason=" No headline ").status_reason == "No headline"
    submitted = services.submit_for_review(mentor=mentor)
    assert (submitted.status, submitted.status_reason) == (Status.IN_REVIEW, "")
    assert services.approve(mentor=mentor).status == Status.LISTED
    listed_at = mentor.listed_at
    assert services.suspend(mentor=mentor, reason=" Spam ").status_reason == "Spam"
    relisted = services.relist(mentor=mentor)
    assert (relisted.status, relisted.status_reason) == (Status.LISTED, "")
    assert relisted.listed_at == listed_at


@pytest.mark.parametrize(
    ("verb", "allowed"),
    [
        (services.submit_for_review, {Status.DRAFT}),
        (services.approve, {Status.DRAFT, Status.IN_REVIEW}),
        (lambda mentor: services.send_back(mentor=mentor, reason="Empty"), {Status.IN_REVIEW}),
        (lambda mentor: services.suspend(mentor=mentor, reason="Spam"),
         {Status.IN_REVIEW, Status.LISTED}),
        (services.relist, {Status.SUSPENDED}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", list(Status))
def test_each_move_starts_where_it_may(verb, allowed, status):
    mentor = factories.MentorFactory(status=status, topics=[factories.TopicFactory()])
    if status in allowed:
        assert verb(mentor=mentor).status != status
    else:
        with pytest.raises(Conflict):
            verb(mentor=mentor)
        assert reload(mentor).status == status


@pytest.mark.parametrize("missing", ["full_name", "bio", "topics"])
def test_what_is_not_complete_is_not_reviewed(missing):
    topics = [] if missing == "topics" else [factories.TopicFactory()]
    mentor = factories.MentorFactory(draft=True, topics=topics)
    if missing == "full_name":
        mentor.user.full_name = ""
    if missing == "bio":
        mentor.bio = ""
    with pytest.raises(InvalidInput) as refused:
        services.submit_for_review(mentor=mentor)
    assert refused.value.field == missing


def test_nobody_is_listed_with_an_address_that_is_not_verified():
    mentor = factories.MentorFactory(draft=True, user=factories.UserFactory())
    for verb in (services.approve, services.relist):
        with pytest.raises(Conflict) as refused:
            verb(mentor=mentor)
        assert refused.value.code == "address_not_verified"
    factories.EmailAddressFactory(user=mentor.user, email="other@example.com")
    with pytest.raises(Conflict):
        services.approve(mentor=mentor)


def test_nobody_is_suspended_without_a_reason():
    with pytest.raises(InvalidInput):
        services.suspend(mentor=factories.MentorFactory(), reason=" ")


def test_figures_add_up():
    mentor = factories.MentorFactory()
    services.record_rating(mentor_id=mentor.pk, stars_delta=5, count_delta=1)
    services.record_rating(mentor_id=mentor.pk, stars_delta=4, count_delta=1)
    services.record_rating(mentor_id=mentor.pk, stars_delta=-5, count_delta=-1)
    services.record_session(mentor_id=mentor.pk)
    mentor = reload(mentor)
    assert (mentor.average_rating, mentor.review_count, mentor.total_sessions) == (4, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_of_two_verdicts_at_once_one_stands():
    mentor = factories.MentorFactory(status=Status.IN_REVIEW)
    ready, answers = threading.Barrier(2), []

    def decide(verb):
        ready.wait()
        try:
            answers.append(verb(mentor=reload(mentor)).status)
        except DomainError as error:
            answers.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(services.approve,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["invalid_state", "listed"]


@pytest.mark.django_db(transaction=True)
def test_two_tabs_create_one_profile():
    user = factories.UserFactory()
    ready, made = threading.Barrier(2), []

    def save():
        ready.wait()
        try:
            made.append(create(user).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=save) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [MentorProfile.objects.get().pk] * 2
