"""A mentor's account that Stripe stops, or its owner cuts off: out of sale, and told what to do."""

import pytest

from bookings import calendar
from mentormatch.notifications.models import Mail
from payments import services
from payments.stripe_emulator import testing

pytestmark = pytest.mark.django_db
DASHBOARD = "/dashboard/"


@pytest.fixture
def account(mentor):
    return mentor.payment_account


def told(kind: str) -> list[str]:
    return [" ".join(mail.text.split()) for mail in Mail.objects.filter(kind=kind)]


def is_sold(mentor) -> bool:
    mentor.refresh_from_db()
    return calendar.is_payable(mentor, "one_on_one", 60)


def test_one_that_stripe_stops_is_out_of_sale_until_it_is_mended(mentor, account, login, work):
    client = login(mentor.user)
    assert is_sold(mentor)
    assert "Stripe needs something" not in client.get(DASHBOARD).content.decode()
    testing.restrict_account(account.stripe_account_id)
    work()
    assert not is_sold(mentor)
    page = client.get(DASHBOARD).content.decode()
    for words in ("Stripe needs something", "Nobody can book", "A photo of your identity document"):
        assert words in page
    testing.complete_onboarding(account.stripe_account_id)
    work()
    assert is_sold(mentor)
    assert "Stripe needs something" not in client.get(DASHBOARD).content.decode()


def test_its_owner_is_told_once_each_time(mentor, account, work):
    assert told("mentor_restricted") == []
    testing.restrict_account(account.stripe_account_id)
    work()
    (text,) = told("mentor_restricted")
    assert "A photo of your identity document" in text
    assert "nobody can book paid sessions" in text
    for _ in range(2):
        services.refresh_account(account=account)
    assert len(told("mentor_restricted")) == 1
    testing.complete_onboarding(account.stripe_account_id)
    work()
    testing.restrict_account(account.stripe_account_id)
    work()
    assert len(told("mentor_restricted")) == 2


def test_one_that_its_owner_cut_off_is_out_of_sale_and_told_once(mentor, account, work):
    account_id = account.stripe_account_id
    testing.deauthorize_account(account_id)
    with testing.knobs(repeat=1):
        work()
    account.refresh_from_db()
    assert account.stripe_account_id is None
    assert account.metadata["disconnected"] == account_id
    assert not is_sold(mentor)
    services.disconnect_account(account=account)
    account.refresh_from_db()
    assert account.metadata["disconnected"] == account_id
    assert len(told("mentor_disconnected")) == 1


def test_one_whose_cut_was_never_told_is_found_out(mentor, account, work):
    testing.restrict_account(account.stripe_account_id)
    testing.deauthorize_account(account.stripe_account_id)
    with testing.knobs(drop={"account.application.deauthorized"}):
        work()
    account.refresh_from_db()
    assert account.stripe_account_id is None
    assert not is_sold(mentor)
