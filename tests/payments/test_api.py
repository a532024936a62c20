"""Payments over the API: the shapes of the contract, and who gets what."""

import pytest

from mentormatch import times
from payments import services
from payments.models import Transaction
from payments.stripe_emulator import testing
from tests.factories import MentorFactory, TransactionFactory, UserFactory
from tests.payments.test_saved_card import ALWAYS, LATER, another, keep

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/payments"


def checkout(client, booking, code="", **more):
    body = {"booking_id": code or booking.code} | more
    return client.post(f"{ROOT}/checkout", body, content_type="application/json")


def problem(answer):
    assert answer["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_a_mentor_is_onboarded_and_sees_how_it_stands(api):
    mentor = MentorFactory(is_payable=False)
    client = api(mentor.user)
    assert client.get(f"{ROOT}/connect/status").json() == {
        "account_id": None,
        "details_submitted": False,
        "charges_enabled": False,
        "payouts_enabled": False,
        "requirements_due": [],
    }
    answer = client.post(f"{ROOT}/connect/onboard")
    assert answer.status_code == 200
    assert set(answer.json()) == {"url", "expires_at"}
    assert answer.json()["url"].startswith("http://localhost:8000/_stripe/onboarding/")
    assert answer.json()["expires_at"].endswith("Z")
    account = mentor.payment_account
    testing.complete_onboarding(account.stripe_account_id)
    services.refresh_account(account=account)
    status = client.get(f"{ROOT}/connect/status").json()
    assert status == {
        "account_id": account.stripe_account_id,
        "details_submitted": True,
        "charges_enabled": True,
        "payouts_enabled": True,
        "requirements_due": [],
    }


@pytest.mark.parametrize(
    ("method", "path"), [("post", "connect/onboard"), ("get", "connect/status")]
)
def test_the_account_is_for_mentors(api, method, path):
    assert problem(getattr(api(UserFactory()), method)(f"{ROOT}/{path}")) == (403, "forbidden")
    assert getattr(api(None), method)(f"{ROOT}/{path}").status_code == 401


def test_a_checkout_is_opened_and_the_same_again(api, booking):
    client = api(booking.mentee)
    answer = checkout(client, booking)
    assert answer.status_code == 200, answer.content
    row = Transaction.objects.get()
    assert answer.json() == {
        "checkout_session_id": row.stripe_checkout_session_id,
        "checkout_url": row.checkout_url,
        "expires_at": times.format_instant(row.checkout_expires_at),
        "status": "pending",
    }
    assert checkout(client, booking).json() == answer.json()
    assert Transaction.objects.count() == 1


def test_a_saved_card_pays_at_once(api, booking):
    keep(booking)
    upcoming = another(booking)
    answer = checkout(api(booking.mentee), upcoming, use_saved_card=True)
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "checkout_session_id": "",
        "checkout_url": "",
        "expires_at": None,
        "status": "succeeded",
    }
    upcoming.refresh_from_db()
    assert upcoming.status == "confirmed"
    assert problem(checkout(api(booking.mentee), upcoming, use_saved_card=True))[0] == 409
    assert Transaction.objects.charges().filter(booking=upcoming).count() == 1


@pytest.mark.parametrize("card", [ALWAYS, LATER])
def test_what_the_bank_says_of_a_saved_card(api, booking, card):
    """It asks for its holder, who gets a page; or it says no, and nothing was paid."""
    keep(booking, card)
    upcoming = another(booking)
    answer = checkout(api(booking.mentee), upcoming, use_saved_card=True)
    if card == ALWAYS:
        assert answer.json()["status"] == "pending"
        row = upcoming.transactions.standing().get()
        assert answer.json()["checkout_url"] == row.checkout_url != ""
        assert answer.json()["expires_at"] == times.format_instant(row.checkout_expires_at)
    else:
        assert problem(answer) == (502, "card_declined")
    upcoming.refresh_from_db()
    assert upcoming.is_to_pay


def test_who_may_pay(api, booking):
    assert checkout(api(None), booking).status_code == 401
    assert problem(checkout(api(UserFactory()), booking)) == (404, "not_found")
    assert problem(checkout(api(booking.mentor.user), booking)) == (403, "forbidden")
    assert problem(checkout(api(booking.mentee), booking, "nonsense")) == (404, "not_found")
    assert not Transaction.objects.exists()


def test_what_cannot_be_paid(api, booking, paid):
    client = api(booking.mentee)
    assert problem(checkout(client, booking)) == (409, "invalid_state")
    answer = client.post(f"{ROOT}/checkout", {"id": 1}, content_type="application/json")
    assert problem(answer) == (400, "invalid")


def test_an_outage_is_a_502_and_leaves_the_hold(api, booking):
    client = api(booking.mentee)
    with testing.outage("connection"):
        assert problem(checkout(client, booking)) == (502, "stripe_error")
    booking.refresh_from_db()
    assert booking.is_to_pay
    assert checkout(client, booking).status_code == 200


def test_the_ledger_is_listed_as_the_contract_says(api, booking, paid, work):
    services.call_off(booking=booking, by=booking.mentee)
    work()
    refund = paid.children.get()
    answer = api(booking.mentee).get(f"{ROOT}/transactions").json()
    assert answer["count"] == 2
    assert answer["items"][0] == {
        "id": refund.code,
        "type": "refund",
        "status": "succeeded",
        "amount": 6000,
        "platform_fee": 600,
        "net": 5400,
        "currency": "eur",
        "booking_id": booking.code,
        "created_at": times.format_instant(refund.created_at),
    }
    assert answer["items"][1]["status"] == "refunded"
    assert api(booking.mentor.user).get(f"{ROOT}/transactions").json() == answer


def test_the_ledger_is_filtered_and_paged(api):
    charge = TransactionFactory()
    TransactionFactory(
        type="payout",
        parent=charge,
        booking=charge.booking,
        platform_fee_minor=0,
        amount_minor=5400,
        net_minor=5400,
        stripe_checkout_session_id=None,
        stripe_payment_intent_id=None,
        stripe_charge_id=None,
        status="pending",
    )

    def ids(user, query=""):
        answer = api(user).get(f"{ROOT}/transactions{query}")
        return [item["type"] for item in answer.json()["items"]]

    mentor = charge.mentor.user
    assert ids(mentor) == ["payout", "booking"]
    assert ids(mentor, "?type=payout") == ["payout"]
    assert ids(mentor, "?status=succeeded") == ["booking"]
    assert ids(mentor, "?page=2&page_size=1") == ["booking"]
    assert ids(charge.mentee) == ["booking"]  # what the mentor is paid is the mentor's alone
    assert ids(UserFactory()) == []
    assert problem(api(mentor).get(f"{ROOT}/transactions?type=gift")) == (400, "invalid")
    assert api(None).get(f"{ROOT}/transactions").status_code == 401
