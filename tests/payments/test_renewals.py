"""What time does to a subscription: renewed, overdue, paid after all, ended."""

import datetime as dt
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from mentormatch import times
from mentormatch.errors import Conflict, Forbidden
from mentormatch.notifications.models import Mail
from mentormatch.notifications.rendering import write
from mentormatch.ui.templatetags.mentormatch import duration, local_date
from payments import services
from payments.models import CreditPeriod, Subscription, Transaction, WebhookEvent
from payments.stripe_emulator import sweep, testing
from payments.stripe_service import StripeService
from tests.factories import UserFactory
from tests.payments.conftest import WORKS_ONCE

pytestmark = pytest.mark.django_db
CARD = {"card_number": "4242424242424242", "exp_month": "12", "exp_year": "2040", "cvc": "123"}
DAY = dt.timedelta(days=1)
Status = Subscription.Status


@pytest.fixture
def pass_time(clock, work):
    def shift(days: int) -> None:
        clock.shift(days * DAY)
        while sweep.renew_subscriptions():
            pass
        work()

    return shift


def test_a_renewal_is_another_charge_and_another_month(subscribed, pass_time):
    row = subscribed()
    first_end = row.current_period_end
    pass_time(32)
    row.refresh_from_db()
    assert row.status == Status.ACTIVE
    assert row.current_period_start == first_end
    charges = Transaction.objects.charges().filter(subscription=row)
    assert [(charge.status, charge.net_minor) for charge in charges] == [("succeeded", 9000)] * 2
    months = list(CreditPeriod.objects.all())
    assert len(months) == 2
    assert months[1].starts_at == months[0].ends_at == first_end
    assert testing.books_add_up()
    assert not WebhookEvent.objects.exclude(needs_attention="").exists()


def test_each_paid_invoice_is_told_once_to_both(subscribed, pass_time, work):
    row = subscribed()
    pass_time(32)
    for event in WebhookEvent.objects.filter(type="invoice.paid"):
        WebhookEvent.objects.filter(pk=event.pk).update(handled_at=None)
        services.handle_again(event=event)
    work()
    told = Mail.objects.filter(kind="subscription_paid").order_by("pk")
    assert [mail.recipient for mail in told] == [row.mentee, row.mentor.user] * 2
    charges = list(Transaction.objects.charges().order_by("pk"))
    assert [mail.context["charge"] for mail in told[::2]] == [charge.code for charge in charges]
    receipt, for_mentor = (write(mail) for mail in told[2:])
    first, second = CreditPeriod.objects.order_by("starts_at")
    assert receipt.subject == "Receipt: €100.00"
    period = f"Paid for: {local_date(second.starts_at)} to {local_date(second.ends_at)}"
    assert period in receipt.text
    assert f"Includes: {row.credits_a_month} sessions of {duration(60)} a month" in receipt.text
    assert reverse("payments:receipt", args=[charges[1].code]) in receipt.text
    assert "€90" not in receipt.text
    assert "paid €100.00 for" in for_mentor.subject
    assert "Yours, after our fee: €90.00" in for_mentor.text
    assert first.ends_at == second.starts_at


def test_what_was_cancelled_ends_and_is_told_once(subscribed, pass_time, login):
    row = subscribed()
    services.cancel_subscription(subscription=row, by=row.mentee)
    pass_time(32)
    row.refresh_from_db()
    assert row.is_over
    assert Transaction.objects.charges().count() == 1
    assert Mail.objects.filter(kind="subscription_ended").count() == 2
    with pytest.raises(Conflict):
        services.resume_subscription(subscription=row, by=row.mentee)
    page = login(row.mentee).get(reverse("payments:subscriptions")).content.decode()
    assert "Ended" in page
    other = services.subscribe(plan=row.plan, mentee=row.mentee, interval="annual")
    assert other.pk != row.pk


def test_an_overdue_payment_says_what_to_do_and_can_be_made(subscribed, pass_time, login, work):
    row = subscribed(WORKS_ONCE)
    pass_time(32)
    row.refresh_from_db()
    assert row.status == Status.PAST_DUE
    assert Transaction.objects.get(status="failed").amount_minor == 10000
    assert Mail.objects.filter(kind="subscription_past_due").count() == 1
    assert CreditPeriod.objects.count() == 1
    client = login(row.mentee)
    page = client.get(reverse("payments:subscriptions")).content.decode()
    assert "Your last payment didn't go through" in page
    answer = client.post(reverse("payments:subscription_pay", args=[row.code]))
    invoice = urlsplit(answer["Location"]).path
    Client().post(invoice, CARD | {"name": "Ada", "action": "pay"})
    work()
    row.refresh_from_db()
    assert row.status == Status.ACTIVE
    assert set(Transaction.objects.charges().values_list("status", flat=True)) == {"succeeded"}
    assert CreditPeriod.objects.count() == 2
    with pytest.raises(Conflict):
        services.overdue_invoice(subscription=row, by=row.mentee)


def test_another_card_is_charged_from_then_on(subscribed, pass_time, login, work):
    row = subscribed(WORKS_ONCE)
    client = login(row.mentee)
    address = reverse("payments:subscription_card", args=[row.code])
    assert "Change the card" in client.get(reverse("payments:subscriptions")).content.decode()
    page = client.post(address)["Location"]
    assert client.post(address)["Location"] != page, "each is good for a short while only"
    answer = Client().post(urlsplit(page).path, CARD | {"name": "Ada", "action": "card"})
    assert answer.status_code == 302
    pass_time(32)
    row.refresh_from_db()
    assert row.status == Status.ACTIVE
    assert Transaction.objects.charges().filter(status="succeeded").count() == 2
    assert login(UserFactory()).post(address).status_code == 404


def test_one_that_is_over_has_no_card_to_change(subscribed, login, work):
    row = subscribed()
    StripeService().cancel_subscription(subscription=row)
    work()
    answer = login(row.mentee).post(
        reverse("payments:subscription_card", args=[row.code]), follow=True
    )
    assert "This subscription is over" in answer.content.decode()
    with pytest.raises(Forbidden):
        services.billing_page(subscription=row, by=UserFactory())


def test_one_that_stays_unpaid_ends_and_is_never_revived(subscribed, pass_time, work):
    row = subscribed(WORKS_ONCE)
    pass_time(32)
    for _ in range(6):
        pass_time(8)
    row.refresh_from_db()
    assert row.is_over
    assert Mail.objects.filter(kind="subscription_ended").count() == 2
    assert CreditPeriod.objects.count() == 1
    for event in WebhookEvent.objects.filter(type__startswith="customer.subscription."):
        WebhookEvent.objects.filter(pk=event.pk).update(handled_at=None)
        services.handle_again(event=event)
    work()
    row.refresh_from_db()
    assert row.is_over


def test_cancelling_what_is_overdue_ends_it_at_once(subscribed, pass_time, work):
    row = subscribed(WORKS_ONCE)
    pass_time(32)
    row.refresh_from_db()
    services.cancel_subscription(subscription=row, by=row.mentee)
    assert row.is_over
    pass_time(10)
    assert Transaction.objects.filter(status="succeeded").charges().count() == 1


def test_without_a_single_event_it_is_asked_about(subscribed, clock):
    row = subscribed()
    clock.shift(32 * DAY)
    sweep.renew_subscriptions()
    assert services.follow_overdue() == 1
    assert services.follow_overdue() == 0
    row.refresh_from_db()
    assert row.current_period_end > times.now()
    assert Transaction.objects.charges().count() == 2
    assert CreditPeriod.objects.count() == 2


def test_the_ledger_and_stripe_agree(subscribed, pass_time, work):
    subscribed(WORKS_ONCE)
    subscribed()
    services.send_due_transfers()
    pass_time(32)
    services.send_due_transfers()
    work()
    assert services.reconcile() == []
    assert testing.books_add_up()
