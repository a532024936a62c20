"""The first of the staff's pages, who may act, and the log of what they did."""

import datetime as dt
import re

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from pytest_django.asserts import assertContains, assertNotContains

from bookings.absence_models import Absence
from bookings.group_models import GroupSession
from bookings.models import Booking
from mentormatch.accounts.models import User
from mentormatch.background.models import PeriodicRun
from mentormatch.legal.models import LegalPage
from mentormatch.legal.services import add_missing_pages
from mentormatch.mentors.models import MentorProfile
from mentormatch.notifications import tasks
from mentormatch.notifications.models import Mail
from mentormatch.ui import overview
from payments import services as payments
from payments.models import Dispute, PaymentAccount, Reversal, Transaction, WebhookEvent
from payments.stripe_emulator import testing
from reviews.models import Review
from tests import factories
from tests.conftest import NOW
from tests.pages import assert_clean
from tests.payments.conftest import onboarded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
INDEX = reverse("admin:index")
DAY = dt.timedelta(days=1)


@pytest.fixture
def boss():
    return factories.UserFactory(staff=True)


def failed_task():
    tasks.send_mail.enqueue(mail_id=0)
    DBTaskResult.objects.update(status=TaskResultStatus.FAILED)
    return DBTaskResult.objects.get()


def trouble():
    """One of everything that waits for staff."""
    factories.MentorFactory(status=MentorProfile.Status.IN_REVIEW, listed_at=None)
    factories.TransactionFactory(needs_attention="Who paid this?")
    factories.DisputeFactory()
    factories.DisputeFactory(status="inquiry")
    factories.DifferenceFactory()
    factories.ReversalFactory()
    factories.AbsenceFactory(object_until=NOW)
    factories.WebhookEventFactory(needs_attention="Whose is this?")
    factories.MailFactory(status=Mail.Status.FAILED)
    tasks.send_mail.enqueue(mail_id=0)
    DBTaskResult.objects.update(status=TaskResultStatus.FAILED)
    PeriodicRun.objects.create(
        name=f"run {PeriodicRun.objects.count()}", next_due_at=NOW, last_error="KeyError"
    )


def test_nothing_waits(login, boss):
    page = login(boss).get(INDEX)
    assertContains(page, "Nothing waits for you right now.")
    assertContains(page, "The last 14 days")
    assert_clean(page)


def test_what_waits_is_counted_and_leads_to_its_list(login, boss):
    trouble()
    add_missing_pages()
    client = login(boss)
    page = client.get(INDEX)
    for text in (
        "1 mentor to approve",
        "1 payment that needs a look",
        "1 absence to decide about",
        "1 reversal that needs a look",
        "1 dispute to answer at Stripe",
        "1 question of a bank to answer at Stripe",
        "1 event of Stripe that needs a look",
        "1 difference between the ledger and Stripe",
        "1 mail that failed",
        "1 task that failed",
        "1 periodic run that failed last time",
        "6 legal pages that are still templates",
    ):
        assertContains(page, text)
    links = re.findall(r'<li><a href="([^"]+\?[^"]+)">(\d+)', page.text)
    assert len(links) == len(overview.CONCERNS)
    for address, count in links:
        listing = client.get(address.replace("&amp;", "&"))
        assert listing.context["cl"].result_count == int(count)


def test_what_is_in_order_is_not_counted(login, boss):
    factories.TransactionFactory()
    factories.MailFactory()
    factories.WebhookEventFactory()
    PeriodicRun.objects.create(name="fine", next_due_at=NOW)
    tasks.send_mail.enqueue(mail_id=0)
    assertContains(login(boss).get(INDEX), "Nothing waits for you right now.")


def test_it_costs_the_same_for_one_row_and_three(login, boss, django_assert_num_queries):
    client = login(boss)
    trouble()
    client.get(INDEX)
    with django_assert_num_queries(18):
        client.get(INDEX)
    trouble()
    trouble()
    factories.BookingFactory(mentor__currency="usd")
    with django_assert_num_queries(18):
        client.get(INDEX)


def test_staff_see_what_they_may_and_nobody_else_comes_in(login, client):
    trouble()
    looker = factories.UserFactory(is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_mail"))
    page = login(looker).get(INDEX)
    assertContains(page, "1 mail that failed")
    assertNotContains(page, "mentor to approve")
    assertNotContains(page, "The last 14 days")
    for other in (client, login(factories.UserFactory()), login(factories.MentorFactory().user)):
        assert other.get(INDEX).status_code == 302


def test_it_is_german_for_a_german(login):
    trouble()
    page = login(factories.UserFactory(staff=True, language="de")).get(INDEX)
    assertContains(page, "1 Mentorprofil zu prüfen")
    assertContains(page, "Die letzten 14 Tage")


class TestFigures:
    @pytest.fixture(autouse=True)
    def _in_berlin(self):
        with timezone.override("Europe/Berlin"):
            yield

    def test_days_are_the_viewers(self):
        late = dt.datetime(2026, 6, 1, 22, 30, tzinfo=dt.UTC)  # already Tuesday in Berlin
        assert overview.last_days(late)[-1] == dt.date(2026, 6, 2)
        assert len(overview.last_days(late)) == 14

    def test_bookings_count_on_the_day_of_their_confirmation(self):
        days = overview.last_days(NOW)
        midnight = dt.datetime(2026, 5, 31, 22, tzinfo=dt.UTC)
        first = dt.datetime(2026, 5, 18, 22, tzinfo=dt.UTC)
        for at in (NOW, midnight, midnight - dt.timedelta(minutes=1), first, first - 2 * DAY):
            factories.BookingFactory(confirmed_at=at)
        factories.BookingFactory(to_pay=True)
        assert overview.bookings_by_day(days) == {
            dt.date(2026, 6, 1): 2,
            dt.date(2026, 5, 31): 1,
            dt.date(2026, 5, 19): 1,
        }

    def test_gross_is_what_was_paid_by_currency(self):
        factories.TransactionFactory()
        factories.TransactionFactory(status=Transaction.Status.REFUNDED)
        factories.TransactionFactory(currency="usd", succeeded_at=NOW - DAY)
        factories.TransactionFactory(open=True)
        charge = factories.TransactionFactory(succeeded_at=NOW - 40 * DAY)
        factories.TransactionFactory(
            type="refund", parent=charge, booking=charge.booking, stripe_charge_id=None
        )
        assert overview.gross_by_day(overview.last_days(NOW)) == {
            "eur": {dt.date(2026, 6, 1): 12000},
            "usd": {dt.date(2026, 5, 31): 6000},
        }

    def test_people_count_on_the_day_they_came(self, boss):
        factories.UserFactory(date_joined=NOW - 14 * DAY)
        factories.UserFactory(date_joined=NOW - 13 * DAY)
        by_day = overview.people_by_day(overview.last_days(NOW))
        assert by_day == {dt.date(2026, 5, 19): 1, dt.date(2026, 6, 1): 1}

    def test_each_is_read_from_an_index(self):
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":  # of a few rows it would read them all
                cursor.execute("SET LOCAL enable_seqscan = off")
        rows = {
            "bookings_booking_confirmed": (Booking.objects.order_by(), "confirmed_at"),
            "payments_transaction_succeeded": (overview.paid(), "succeeded_at"),
            "accounts_user_joined": (User.objects.order_by(), "date_joined"),
        }
        days = overview.last_days(NOW)
        for index, (of_all, field) in rows.items():
            plan = overview.of_days(of_all, field, days).explain()
            # PostgreSQL chooses by what a table holds: of an empty one any index will do.
            assert index in plan or (connection.vendor == "postgresql" and "Index Cond" in plan)
            assert "Seq Scan" not in plan

    def test_the_charts_say_it_in_words(self, boss):
        factories.TransactionFactory()
        bookings, paid, people = overview.charts_for(boss)
        assert (bookings.title, bookings.total) == ("Bookings confirmed", "1")
        assert (paid.title, paid.total) == ("Paid, EUR", "€60.00")
        assert paid.bars[-1].point.shown == "€60.00"
        assert people.bars[-1].point.label == "1 Jun"


# --- Every action: only for those who may, and in the log ---------------------------------------


def _mentor(status):
    return factories.MentorFactory(status=status)


def _counted_review():
    review = factories.ReviewFactory()
    MentorProfile.objects.update(rating_sum=review.rating, review_count=1)
    return review


def _hidden_review():
    return factories.ReviewFactory(hidden_at=NOW, hidden_reason="Rude")


def _waiting_refund():
    charge = factories.TransactionFactory()
    return factories.TransactionFactory(
        type="refund",
        status="pending",
        parent=charge,
        booking=charge.booking,
        stripe_charge_id=None,
        next_attempt_at=NOW,
    )


def _account():
    mentor = factories.MentorFactory()
    onboarded(mentor)
    return mentor.payment_account


def _dispute():
    booking = factories.BookingFactory(mentor=_account().mentor, to_pay=True)
    charge = payments.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(charge.stripe_checkout_session_id)
    payments.settle(booking=booking)
    charge.refresh_from_db()
    stripe_id = testing.open_dispute(charge.stripe_charge_id)
    return factories.DisputeFactory(charge=charge, stripe_dispute_id=stripe_id)


# Each action of the staff's pages, with a row on which it has something to do.
ACTIONS = {
    (MentorProfile, "approve"): lambda: _mentor(MentorProfile.Status.IN_REVIEW),
    (MentorProfile, "send_back"): lambda: _mentor(MentorProfile.Status.IN_REVIEW),
    (MentorProfile, "suspend"): lambda: _mentor(MentorProfile.Status.LISTED),
    (MentorProfile, "relist"): lambda: _mentor(MentorProfile.Status.SUSPENDED),
    (Booking, "cancel"): factories.BookingFactory,
    (GroupSession, "cancel"): factories.GroupSessionFactory,
    (Absence, "uphold"): lambda: factories.AbsenceFactory(object_until=NOW),
    (Absence, "dismiss"): lambda: factories.AbsenceFactory(object_until=NOW),
    (Transaction, "refund"): factories.TransactionFactory,
    (Transaction, "send_again"): _waiting_refund,
    (Transaction, "looked_at"): lambda: factories.TransactionFactory(needs_attention="Why?"),
    (Reversal, "send_again"): lambda: factories.ReversalFactory(status="pending"),
    (Reversal, "looked_at"): factories.ReversalFactory,
    (Dispute, "ask_stripe"): _dispute,
    (PaymentAccount, "ask_stripe"): _account,
    (WebhookEvent, "work_again"): factories.WebhookEventFactory,
    (WebhookEvent, "looked_at"): lambda: factories.WebhookEventFactory(needs_attention="Whose?"),
    (Review, "hide"): _counted_review,
    (Review, "restore"): _hidden_review,
    (Mail, "send_again"): lambda: factories.MailFactory(status=Mail.Status.FAILED),
    (DBTaskResult, "try_again"): failed_task,
    (User, "deactivate_people"): factories.UserFactory,
    (User, "activate_people"): lambda: factories.UserFactory(is_active=False),
}
CASES = [
    pytest.param(*key, make, id=f"{key[0].__name__}-{key[1]}") for key, make in ACTIONS.items()
]


def act(client: Client, model, action, row):
    listing = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    sent = {"action": action, "reason": "so it was", "_selected_action": [row.pk]}
    return client.post(listing, sent, follow=True)


def test_each_action_there_is_stands_in_the_table(boss):
    request = RequestFactory().get("/")
    request.user = boss
    there = {
        (model, name)
        for model, page in admin.site._registry.items()
        for name in page.get_actions(request)
        if name != "delete_selected"
    }
    assert there == set(ACTIONS)


@pytest.mark.parametrize(("model", "action", "make"), CASES)
def test_an_action_is_in_the_log(login, boss, model, action, make):
    row = make()
    act(login(boss), model, action, row)
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (boss, str(row.pk))
    assert entry.get_change_message()
    log = login(boss).get(reverse("admin:admin_logentry_changelist"))
    assertContains(log, entry.get_change_message())


@pytest.mark.parametrize(("model", "action", "make"), CASES)
def test_who_may_only_look_can_not_act(login, model, action, make):
    row = make()
    looker = factories.UserFactory(is_staff=True)
    meta = model._meta
    looker.user_permissions.add(Permission.objects.get(
        codename=f"view_{meta.model_name}", content_type__app_label=meta.app_label
    ))  # fmt: skip
    before = model.objects.filter(pk=row.pk).values().get()
    act(login(looker), model, action, row)
    assert model.objects.filter(pk=row.pk).values().get() == before
    assert not LogEntry.objects.exists()


def test_why_a_mentor_was_suspended_is_in_the_log(login, boss):
    act(login(boss), MentorProfile, "suspend", factories.MentorFactory())
    assert LogEntry.objects.get().get_change_message() == "suspended: so it was"


def test_the_log_is_to_look_at(login, boss):
    entry = LogEntry.objects.log_actions(boss.pk, [boss], 2, "x", single_object=True)
    client = login(boss)
    for name in ("change", "delete"):
        address = reverse(f"admin:admin_logentry_{name}", args=[entry.pk])
        assert client.post(address, {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:admin_logentry_add")).status_code == 403


def test_a_failed_task_is_tried_again_and_no_other(login, boss):
    task = failed_task()
    client = login(boss)
    assertContains(act(client, DBTaskResult, "try_again", task), "Queued again")
    task.refresh_from_db()
    assert (task.status, task.worker_ids) == (TaskResultStatus.READY, [])
    refused = act(client, DBTaskResult, "try_again", task)
    assertContains(refused, "Only a failed task can be tried again.")


@pytest.mark.parametrize("name", ["periodicrun", "workerheartbeat"])
def test_the_background_is_to_look_at(login, boss, name):
    PeriodicRun.objects.create(name="run", next_due_at=NOW)
    client = login(boss)
    assert client.get(reverse(f"admin:background_{name}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:background_{name}_add")).status_code == 403


def test_a_template_page_is_found_by_its_filter(login, boss):
    add_missing_pages()
    LegalPage.objects.filter(slug="terms").update(version=1)
    listing = login(boss).get(reverse("admin:legal_legalpage_changelist"), {"template": "yes"})
    assert listing.context["cl"].result_count == 4
