"""The search, a mentor's public page, and one's own profile, as a browser gets them."""

import datetime as dt

import pytest
from django.urls import reverse

from mentormatch.mentors import services
from mentormatch.mentors.forms import ProfileForm
from mentormatch.mentors.models import MentorProfile
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
LIST = "/mentors/"
EDIT = "/dashboard/profile/"
Status = MentorProfile.Status


@pytest.fixture
def mentor(now):
    mentor = factories.MentorFactory(
        user__full_name="Ada Lovelace", slug="ada", topics=[factories.TopicFactory(name="Looms")]
    )
    factories.open_every_day(mentor)
    return mentor


def names(client, query=""):
    answer = client.get(f"{LIST}?{query}")
    return [card["mentor"].user.full_name for card in answer.context["cards"]]


def test_list_shows_the_listed_with_price_topics_and_next_time(mentor, client):
    for status in (Status.DRAFT, Status.IN_REVIEW, Status.SUSPENDED):
        factories.MentorFactory(status=status)
    factories.MentorFactory(user__is_active=False)
    client.cookies["time_zone"] = "Asia/Kathmandu"
    page = client.get(LIST).content.decode()
    assert page.count("mentor-card-head") == 1
    for shown in ("Ada Lovelace", "Looms", "€60.00", "free trial", "14:45"):
        assert shown in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=lovelace", ["Ada Lovelace"]),
        ("q=LOOMS+ada", ["Ada Lovelace"]),
        ("q=ada+compilers", []),
        ("q=compilers", ["Grace Hopper"]),
        ("topic=looms", ["Ada Lovelace"]),
        ("topic=nonsense", ["Ada Lovelace", "Grace Hopper"]),
        ("language=de", ["Grace Hopper"]),
        ("language=en", ["Ada Lovelace", "Grace Hopper"]),
        ("max_price=60", ["Ada Lovelace"]),
        ("max_price=59.99", []),
        ("min_price=60.01", []),
        ("min_price=100&currency=usd", ["Grace Hopper"]),
        ("currency=usd", ["Ada Lovelace", "Grace Hopper"]),
        ("sort=-price&currency=usd", ["Ada Lovelace", "Grace Hopper"]),
        ("sort=rating", ["Grace Hopper", "Ada Lovelace"]),
        ("sort=newest", ["Grace Hopper", "Ada Lovelace"]),
    ],
)
def test_list_is_filtered_and_sorted(mentor, client, query, found):
    mentor.topics.update(slug="looms")
    factories.MentorFactory(
        user__full_name="Grace Hopper", headline="Compilers", languages=["en", "de"],
        currency="usd", hourly_rate_minor=12000, rating_sum=5, review_count=1,
        listed_at=NOW + dt.timedelta(days=1),
    )  # fmt: skip
    assert sorted(names(client, query)) == sorted(found)
    if "sort" in query:
        assert names(client, query) == found


@pytest.mark.parametrize(
    "query",
    ["max_price=abc", "min_price=-1", "max_price=1e400", "max_price=NaN", "topic=%00", "sort=x",
     "language=xx", "currency=zzz&max_price=5", "q=" + "x" * 300, "q=%00", "min_price=1e-400"],
)  # fmt: skip
def test_list_names_a_filter_that_makes_no_sense(mentor, client, query):
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 422
    assert "form-errors" in answer.content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "x", "999999999999999999999"])
def test_list_answers_any_page_number(mentor, client, page):
    assert client.get(f"{LIST}?page={page}").status_code == 200


@pytest.mark.parametrize(
    ("query", "is_cleared"),
    [("q=ada", True), ("max_price=60", True), ("q=&topic=&currency=eur&sort=rating", False)],
)
def test_what_leaves_nobody_out_needs_no_clearing(client, query, is_cleared):
    page = client.get(f"{LIST}?{query}").text
    assert (f'href="{LIST}">Clear</a>' in page) is is_cleared
    assert ("Nobody matches all of that" in page) is is_cleared


def test_list_goes_on_over_pages_and_keeps_the_search(client, now):
    factories.MentorFactory.create_batch(13)
    answer = client.get(f"{LIST}?q=software&page=2")
    assert len(answer.context["cards"]) == 1
    assert "q=software&amp;page=1" in answer.content.decode()


def test_list_says_what_to_do_when_nobody_is_there(client):
    assert reverse("mentors:edit") in client.get(LIST).content.decode()
    assert "Show all mentors" in client.get(f"{LIST}?q=nobody").content.decode()


def test_list_costs_the_same_for_one_mentor_and_three(mentor, client, django_assert_num_queries):
    # The topics to choose from, read twice; the count; the mentors, their topics, their calendars.
    with django_assert_num_queries(7):
        client.get(LIST)
    for _ in range(2):
        other = factories.MentorFactory(topics=[factories.TopicFactory()])
        factories.open_every_day(other)
        factories.BookingFactory(mentor=other)
    with django_assert_num_queries(7):
        client.get(LIST)


def detail(client, query=""):
    return client.get(f"/mentors/ada/?{query}")


def test_detail_offers_times_that_name_all_and_lead_to_booking(mentor, client):
    client.cookies["time_zone"] = "America/New_York"
    answer = detail(client, "duration_minutes=60&from=2026-06-02")
    page = answer.content.decode()
    assert "Tuesday, 2 June 2026" in page
    assert "America/New York" in page
    assert "1 h · €60.00" in page
    choice = answer.context["picker"].days[0].choices[0]
    assert choice.url == (
        "/mentors/ada/book/?starts_at=2026-06-02T07%3A00%3A00Z"
        "&duration_minutes=60&session_type=one_on_one"
    )
    assert choice.offset == "EDT"
    assert f'href="{choice.url.replace("&", "&amp;")}"' in page


def test_detail_turns_the_weeks_within_the_horizon(mentor, client):
    picker = detail(client).context["picker"]
    assert (picker.first_day, picker.earlier_url) == (NOW.date(), "")
    picker = client.get(picker.later_url).context["picker"]
    assert picker.first_day == NOW.date() + dt.timedelta(days=7)
    assert "from=2026-06-01" in picker.earlier_url
    for far in ("9999-12-31", "2026-07-31"):
        picker = detail(client, f"from={far}").context["picker"]
        assert (picker.first_day, picker.later_url) == (dt.date(2026, 7, 31), "")
    for past in ("2020-01-01", "0001-01-01", "yesterday", "%00", "2026-W01-1x"):
        assert detail(client, f"from={past}").context["picker"].first_day == NOW.date()


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ("", ("one_on_one", 30)),
        ("duration_minutes=90", ("one_on_one", 90)),
        ("session_type=trial", ("trial", 30)),
        ("session_type=trial&duration_minutes=99", ("trial", 30)),
        ("session_type=group&duration_minutes=x", ("one_on_one", 30)),
    ],
)
def test_detail_shows_one_kind_and_length(mentor, client, query, chosen):
    offer = detail(client, query).context["chosen"]
    assert (offer.session_type, offer.duration_minutes) == chosen


@pytest.mark.parametrize(("state", "lengths"), [({}, 3), ({"cancelled": True}, 4)])
def test_detail_offers_no_second_trial(mentor, login, state, lengths):
    had = factories.BookingFactory(mentor=mentor, trial=True, **state)
    page = login(had.mentee).get("/mentors/ada/?session_type=trial")
    assert len(page.context["offers"]) == lengths
    assert page.context["chosen"].is_trial is bool(state)


def test_detail_folds_a_day_of_many_times(mentor, client):
    mentor.availability.all().delete()
    MentorProfile.objects.update(step_minutes=15)
    factories.open_every_day(mentor, start_minute=6 * 60, end_minute=24 * 60)
    answer = detail(client, "duration_minutes=60&from=2026-06-02")
    days = answer.context["picker"].days
    parts = [(part.start, part.end, part.is_open) for part in days[0].parts]
    assert parts[0][2] and not any(is_open for _, _, is_open in parts[1:])
    assert [choice for part in days[0].parts for choice in part.choices] == days[0].choices
    assert not any(part.is_open for day in days[1:] for part in day.parts)
    assert answer.text.count('class="slot-part"') == sum(len(day.parts) for day in days)


def test_detail_says_which_of_two_equal_times_is_which(mentor, client, freeze):
    freeze(dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC))
    mentor.availability.all().delete()
    factories.open_every_day(mentor, always=True)
    client.cookies["time_zone"] = "Europe/Berlin"
    page = detail(client, "from=2026-10-25").content.decode()
    assert page.count("CEST, GMT+02:00") == 2
    assert page.count("CET, GMT+01:00") == 2


def test_detail_points_to_the_nearest_time_of_another_week(mentor, client):
    mentor.availability.all().delete()
    factories.AvailabilityFactory(mentor=mentor, date=dt.date(2026, 6, 20))
    answer = detail(client)
    assert "Nothing free in these days" in answer.content.decode()
    picker = client.get(answer.context["picker"].nearest_url).context["picker"]
    assert picker.days[0].date == dt.date(2026, 6, 20)
    mentor.availability.all().delete()
    assert "No free times at the moment" in detail(client).content.decode()


def test_detail_of_a_mentor_who_can_not_be_paid_sells_only_what_is_free(mentor, client):
    MentorProfile.objects.update(is_payable=False)
    assert "finished setting up payments" in detail(client).content.decode()
    assert detail(client).context["picker"] is None
    assert detail(client, "session_type=trial").context["picker"].days


def test_detail_shows_public_reviews_and_their_distribution(mentor, client):
    review = factories.ReviewFactory(
        session__booking__mentor=mentor, rating=4, comment="<b>Patient</b>"
    )
    factories.ReviewFactory(
        session__booking__mentor=mentor, session__booking__starts_at=NOW - dt.timedelta(days=9),
        is_public=False, comment="Secret",
    )  # fmt: skip
    MentorProfile.objects.filter(pk=mentor.pk).update(rating_sum=4, review_count=1)
    page = detail(client).content.decode()
    assert "&lt;b&gt;Patient&lt;/b&gt;" in page
    assert review.reviewer.get_short_name() in page
    assert "Secret" not in page
    assert page.count("rating-bar") == 6
    assert '<span id="stars-4">4 stars</span>' in page
    assert '<meter aria-labelledby="stars-4"' in page


@pytest.mark.parametrize("status", [Status.DRAFT, Status.IN_REVIEW, Status.SUSPENDED])
def test_detail_of_an_unlisted_profile_is_its_owners_alone(mentor, client, login, status):
    MentorProfile.objects.update(status=status)
    assert detail(client).status_code == 404
    assert detail(login(factories.UserFactory())).status_code == 404
    own = detail(login(mentor.user))
    assert own.status_code == 200
    assert own.context["picker"] is None


# The mentor and their topics, the reviews with their shares, and the calendar's two; whoever is
# logged in brings the session and the person. Groups and plans are read where there are any.
QUERIES, LOGGED_IN_QUERIES = 5, 7


@pytest.mark.parametrize("days", [1, 7, 31])
def test_detail_costs_the_same_for_any_days_and_reviews(
    mentor, client, login, days, django_assert_num_queries
):
    MentorProfile.objects.update(rating_sum=5, review_count=1)
    visitor = login(factories.UserFactory())
    for before in (7, 9, 10):
        factories.ReviewFactory(
            session__booking__mentor=mentor,
            session__booking__starts_at=NOW - dt.timedelta(days=before),
        )
        factories.BookingFactory(
            mentor=mentor, starts_at=NOW + dt.timedelta(days=before), mentee__full_name="Someone"
        )
        for who, queries in [(client, QUERIES), (visitor, LOGGED_IN_QUERIES)]:
            with django_assert_num_queries(queries):
                detail(who, f"days={days}")


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ("", 7),
        ("1", 1),
        ("31", 31),
        ("12", 12),
        ("0", 1),
        ("99", 31),
        ("x", 7),
        ("²", 7),
        ("-1", 7),
    ],
)
def test_detail_shows_as_many_days_as_are_asked_for(mentor, client, asked, days):
    picker = detail(client, f"days={asked}&from=2026-06-02").context["picker"]
    assert (picker.last_day - picker.first_day).days == days - 1
    if asked == "31":
        assert len(picker.days) == 31
        assert "days=31" in picker.later_url
        assert [span.days for span in picker.spans if span.is_chosen] == [31]


@pytest.fixture
def typed():
    return {
        "full_name": "Ada King", "headline": "Engines", "bio": "Notes",
        "topics": [factories.TopicFactory().pk], "language_1": "en", "language_2": "de",
        "country": "DE", "time_zone": "Europe/London", "currency": "usd",
        "hourly_rate": "12.50", "trial_rate": "", "trial_minutes": "30",
        "lengths": ["30", "60"], "step_minutes": "30", "notice_minutes": "60",
        "horizon_days": "60", "buffer_before_minutes": "0", "buffer_after_minutes": "15",
    }  # fmt: skip


def test_edit_makes_a_profile_and_submits_it(login, typed):
    user = factories.UserFactory(full_name="")
    client = login(user)
    assert "Become a mentor" in client.get(EDIT).content.decode()
    assert client.post(EDIT, typed).status_code == 302
    mentor = MentorProfile.objects.get(user=user)
    assert (mentor.name, mentor.hourly_rate_minor, mentor.currency) == ("Ada King", 1250, "usd")
    assert (mentor.trial_rate_minor, mentor.languages) == (None, ["en", "de"])
    assert 'value="12.50"' in client.get(EDIT).content.decode()
    answer = client.post(reverse("mentors:submit"), follow=True)
    assert "We are looking at your profile" in answer.content.decode()
    assert client.post(reverse("mentors:submit")).status_code == 409


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hourly_rate": "0.90"}, "30 minutes would cost 0.45 USD"),
        ({"trial_rate": "0.10"}, "between 0.50 USD"),
        ({"currency": "gbp"}, "gbp"),
        ({"country": "BR"}, "BR"),
        ({"hourly_rate": "-1"}, "greater than or equal to 0"),
        ({"hourly_rate": "1e999"}, "form-errors"),
        ({"lengths": []}, "required"),
        ({"lengths": ["7"]}, "form-errors"),
        ({"topics": ["999"]}, "form-errors"),
        ({"topics": ["9" * 400, "\0"]}, "form-errors"),
        ({"headline": ""}, "required"),
    ],
)
def test_edit_keeps_what_was_typed_and_says_what_is_wrong(login, typed, change, said):
    answer = login(factories.UserFactory()).post(EDIT, typed | change)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert "Notes</textarea>" in page
    assert not MentorProfile.objects.exists()


@pytest.mark.parametrize(("currency", "fits"), [("usd", True), ("jpy", False)])
def test_prices_are_typed_as_the_chosen_currency_has_them(login, typed, settings, currency, fits):
    settings.SETTLEMENT_CURRENCIES = ["usd", "jpy"]
    prices = {"hourly_rate": "1200.50", "trial_rate": "600.50", "currency": currency}
    form = ProfileForm(typed | prices, user=factories.UserFactory(), mentor=None)
    assert ({"hourly_rate", "trial_rate"} & form.errors.keys() == set()) == fits


def test_saving_changes_nothing_that_was_set_elsewhere(mentor, login):
    MentorProfile.objects.update(notice_minutes=45, step_minutes=25, lengths=[25, 60])
    client = login(mentor.user)
    form = client.get(EDIT).context["form"]
    shown = {name: value for name, value in form.initial.items() if value is not None}
    assert client.post(EDIT, shown).status_code == 302
    mentor.refresh_from_db()
    assert (mentor.notice_minutes, mentor.step_minutes, mentor.lengths) == (45, 25, [25, 60])
    assert (mentor.status, mentor.slug, mentor.is_payable) == (Status.LISTED, "ada", True)


def test_edit_and_submit_need_a_log_in_and_a_profile(client, login):
    assert client.get(EDIT).url == f"/accounts/login/?next={EDIT}"
    assert client.post(reverse("mentors:submit")).status_code == 302
    assert login(factories.UserFactory()).post(reverse("mentors:submit")).status_code == 404
    assert login(factories.UserFactory()).get(reverse("mentors:submit")).status_code == 405


def test_submit_says_what_is_missing(login, now):
    mentor = factories.MentorFactory(draft=True)
    answer = login(mentor.user).post(reverse("mentors:submit"), follow=True)
    assert "Choose at least one topic first." in answer.content.decode()


@pytest.mark.parametrize(
    ("action", "before", "after", "reason"),
    [
        ("approve", Status.IN_REVIEW, Status.LISTED, ""),
        ("send_back", Status.IN_REVIEW, Status.DRAFT, "No headline"),
        ("send_back", Status.IN_REVIEW, Status.IN_REVIEW, ""),
        ("send_back", Status.LISTED, Status.LISTED, ""),
        ("suspend", Status.LISTED, Status.SUSPENDED, "Spam"),
        ("suspend", Status.LISTED, Status.LISTED, ""),
        ("relist", Status.SUSPENDED, Status.LISTED, ""),
        ("approve", Status.LISTED, Status.LISTED, ""),
    ],
)
def test_staff_act_through_the_services(login, action, before, after, reason):
    mentor = factories.MentorFactory(status=before)
    answer = login(factories.UserFactory(staff=True)).post(
        reverse("admin:mentors_mentorprofile_changelist"),
        {"action": action, "_selected_action": [mentor.pk], "reason": reason},
        follow=True,
    )
    assert answer.status_code == 200
    mentor.refresh_from_db()
    assert (mentor.status, mentor.status_reason) == (after, reason)


def test_who_was_sent_back_reads_why_and_submits_again(login, now):
    mentor = factories.MentorFactory(status=Status.IN_REVIEW, topics=[factories.TopicFactory()])
    services.send_back(mentor=mentor, reason="Say what you did.")
    client = login(mentor.user)
    assert "Say what you did." in client.get(EDIT).content.decode()
    answer = client.post(reverse("mentors:submit"), follow=True)
    assert "Say what you did." not in answer.content.decode()
    mentor.refresh_from_db()
    assert mentor.status == Status.IN_REVIEW


def test_staff_look_at_mentors_and_edit_topics(login):
    mentor = factories.MentorFactory(topics=[factories.TopicFactory()])
    client = login(factories.UserFactory(staff=True))
    for page in ("mentorprofile_changelist", "topic_changelist", "topic_add"):
        assert client.get(reverse(f"admin:mentors_{page}")).status_code == 200
    change = reverse("admin:mentors_mentorprofile_change", args=[mentor.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"status": "draft"}).status_code == 403
