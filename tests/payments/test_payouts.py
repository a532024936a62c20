"""Payouts to mentors' banks: what Stripe says of them, kept and told."""

import datetime as dt

import pytest

from mentormatch import times
from mentormatch.errors import StripeError
from mentormatch.notifications.models import Mail
from payments import services
from payments.models import Payout, WebhookEvent
from payments.services import payouts
from payments.stripe_emulator import sweep, testing
from payments.stripe_emulator.models import Delivery
from payments.stripe_types import Payout as PayoutAtStripe
from tests.factories import MentorFactory, PayoutFactory, UserFactory

pytestmark = pytest.mark.django_db
API = "/api/v1/payments/payouts"
PAGE = "/dashboard/payouts/"
DAY = dt.timedelta(days=1)


@pytest.fixture
def clock(freeze):
    return freeze()


@pytest.fixture
def account(clock, mentor, opened, work):
    """Its mentor has been passed on 54.00 EUR, available at once."""
    testing.pay(opened.stripe_checkout_session_id, "4000000000000077")
    work()
    opened.refresh_from_db()
    services.request_transfer(charge=opened, now=times.now())
    work()
    return mentor.payment_account


@pytest.fixture
def payout(account, work) -> Payout:
    sweep.send_payouts()
    work()
    return Payout.objects.get()


def test_one_is_followed_from_its_start_to_its_arrival(payout, account, clock, work):
    assert (payout.mentor, payout.stripe_account_id) == (account.mentor, account.stripe_account_id)
    assert (payout.amount_minor, payout.currency, payout.status) == (5400, "eur", "pending")
    assert payout.arrival_date == dt.date(2026, 6, 3)
    for status in ("in_transit", "paid"):
        clock.shift(DAY)
        sweep.move_payouts()
        work()
        payout.refresh_from_db()
        assert payout.status == status
    assert not WebhookEvent.objects.filter(WebhookEvent.UNFINISHED).exists()


@pytest.mark.parametrize("days", [0, 2])
def test_one_that_fails_is_told_with_its_reason(payout, account, clock, work, days):
    for _ in range(days):
        clock.shift(DAY)
        sweep.move_payouts()
    testing.fail_payout(payout.stripe_payout_id, "no_account")
    work()
    payout.refresh_from_db()
    assert (payout.status, payout.failure_code) == ("failed", "no_account")
    assert payout.failure_message == "The bank account could not be located."
    mail = Mail.objects.get(kind="mentor_payout_failed")
    assert mail.recipient == account.mentor.user
    assert "There is no such bank account" in mail.text
    account.refresh_from_db()
    assert (account.payouts_enabled, account.can_be_paid) == (False, True)
    restricted = Mail.objects.get(kind="mentor_restricted")
    assert "The bank account that you want the money on" in restricted.text
    assert "Nobody can book" not in " ".join(restricted.text.split())


def test_one_that_was_called_back_is_kept_as_that(payout, work):
    options = {"stripe_account": payout.stripe_account_id}
    with payouts.StripeService()._call() as client:
        client.v1.payouts.cancel(payout.stripe_payout_id, options=options)
    work()
    payout.refresh_from_db()
    assert payout.status == "canceled"


def test_its_events_may_come_twice_and_backwards(account, clock, work):
    sweep.send_payouts()
    (sent,) = [row for row in testing.waiting() if row.event.body["type"] == "payout.created"]
    testing.fail_payout(sent.event.body["data"]["object"]["id"])
    with testing.knobs(reorder=True, repeat=1):
        work()
    assert Payout.objects.get().status == "failed"
    assert Mail.objects.filter(kind="mentor_payout_failed").count() == 1


def test_what_is_older_changes_nothing(payout, account):
    def told(status: str) -> str:
        seen = PayoutAtStripe(
            payout.stripe_payout_id, status, 5400, "eur", payout.arrival_date, "", ""
        )
        return services.record_payout(account=account, payout=seen).status

    said = ("paid", "in_transit", "pending", "canceled", "failed", "paid")
    assert [told(status) for status in said] == ["paid"] * 4 + ["failed"] * 2


def test_the_platforms_own_and_a_strangers_are_no_mentors(account, work):
    with payouts.StripeService()._call() as client:
        client.v1.payouts.create({"amount": 100, "currency": "eur"})
    account.stripe_account_id = "acct_other0000000000"
    account.save()
    work()
    sweep.send_payouts()
    assert testing.deliver_events() == [("payout.created", 400)]
    assert not Payout.objects.exists()
    assert not WebhookEvent.objects.exclude(needs_attention="").exists()


def test_one_whose_arrival_was_never_told_is_asked_about(payout, clock, run_tasks):
    with testing.knobs(drop={"payout.updated", "payout.paid"}):
        for _ in range(3):
            clock.shift(DAY)
            sweep.move_payouts()
        testing.deliver_events()
    assert services.follow_late_payouts() == 1
    assert services.follow_late_payouts() == 0
    with testing.outage(), pytest.raises(StripeError):
        services.follow_payout(payout=payout)
    run_tasks()
    payout.refresh_from_db()
    assert payout.status == "paid"


def test_one_of_which_no_event_ever_came_is_found(account, clock):
    """While it is under way, with all that it came to since."""
    sweep.send_payouts()
    Delivery.objects.all().delete()
    assert services.reconcile() == []
    row = Payout.objects.get()
    assert (row.mentor, row.amount_minor, row.status) == (account.mentor, 5400, "pending")
    testing.fail_payout(row.stripe_payout_id, "no_account")
    Delivery.objects.all().delete()
    Payout.objects.all().delete()
    for _again in range(2):
        assert services.reconcile() == []
    row = Payout.objects.get()
    assert (row.status, row.failure_code) == ("failed", "no_account")
    assert Mail.objects.filter(kind="mentor_payout_failed").count() == 1


def test_one_of_an_account_that_was_cut_off_is_left_alone(payout, account, clock):
    services.disconnect_account(account=account)
    clock.shift(5 * DAY)
    services.follow_payout(payout=payout)
    payout.refresh_from_db()
    assert payout.status == "pending"


# --- To the mentor -------------------------------------------------------------------------------


def test_the_api_lists_the_mentors_own(api):
    payout = PayoutFactory(arrival_date=dt.date(2026, 6, 3))
    PayoutFactory()
    answer = api(payout.mentor.user).get(API).json()
    assert answer == {
        "items": [
            {
                "id": payout.code,
                "amount": 5400,
                "currency": "eur",
                "status": "paid",
                "arrival_date": "2026-06-03",
            }
        ],
        "count": 1,
    }
    assert api(UserFactory()).get(API).status_code == 403
    assert api(None).get(API).status_code == 401


def test_the_api_pages_them_latest_arrival_first(api):
    mentor = MentorFactory()
    for day in (2, 4, 3):
        PayoutFactory(mentor=mentor, arrival_date=dt.date(2026, 6, day))
    client = api(mentor.user)
    days = [item["arrival_date"][-2:] for item in client.get(API).json()["items"]]
    assert days == ["04", "03", "02"]
    (second,) = client.get(f"{API}?page=2&page_size=1").json()["items"]
    assert second["arrival_date"] == "2026-06-03"


def test_the_page_shows_them_and_why_one_failed(login):
    failed = PayoutFactory(status="failed", failure_code="account_closed")
    page = login(failed.mentor.user).get(PAGE).content.decode()
    for words in ("€54.00", "Jun", "The bank account is closed.", "Correct your bank details"):
        assert words in page


@pytest.mark.parametrize("rows", [1, 3])
def test_page_and_api_cost_the_same_whatever_their_length(
    login, api, rows, django_assert_max_num_queries
):
    mentor = MentorFactory()
    PayoutFactory.create_batch(rows, mentor=mentor)
    client, program = login(mentor.user), api(mentor.user)
    with django_assert_max_num_queries(7):
        client.get(PAGE)
    with django_assert_max_num_queries(8):
        assert program.get(API).json()["count"] == rows
