"""A subscription's sessions are there for as long as the money is that brought them."""

import datetime as dt

import pytest

from bookings.models import Booking
from mentormatch.errors import Conflict
from mentormatch.notifications.models import Mail
from mentormatch.notifications.rendering import write
from payments import services
from payments.models import Transaction
from payments.stripe_emulator import testing
from tests.factories import in_two_days, open_every_day

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(subscribed, mentor):
    open_every_day(mentor, always=True)
    return subscribed()


@pytest.fixture
def charge(row) -> Transaction:
    return Transaction.objects.charges().get()


def left(row) -> int:
    return services.sessions_left([row]).get(row.pk, 0)


def book(row, hours: int = 0) -> Booking:
    return services.book_session(
        mentor=row.mentor,
        mentee=row.mentee,
        starts_at=in_two_days() + dt.timedelta(hours=hours),
        duration_minutes=60,
        session_type=Booking.Type.ONE_ON_ONE,
        use_credit=True,
    )


def refuses(row) -> bool:
    with pytest.raises(Conflict) as refusal:
        book(row, hours=1)
    return refusal.value.code == "no_credit"


def test_a_part_that_went_back_takes_no_session_and_the_whole_takes_all(row, charge, work, login):
    services.request_refund(charge=charge, amount_minor=5000, reason="half")
    work()
    assert left(row) == 2
    services.request_refund(charge=charge, amount_minor=5000, reason="the rest")
    work()
    assert left(row) == 0
    assert refuses(row)
    assert "None at the moment" in login(row.mentee).get("/subscriptions/").content.decode()
    told = Mail.objects.filter(kind="subscription_refunded")
    assert [mail.recipient for mail in told] == [row.mentee] * 2
    written = write(told.earliest("pk"))
    assert written.subject == "Refund: €50.00"
    assert f"/receipts/{charge.code}/" in written.text


def test_one_that_comes_back_after_its_money_went_back_is_none(row, charge, work):
    booking = book(row)
    assert left(row) == 1
    services.request_refund(charge=charge, amount_minor=10000, reason="all of it")
    work()
    services.call_off(booking=booking, by=booking.mentor.user)
    assert left(row) == 0
    assert refuses(row)


def test_a_refund_that_the_bank_sends_back_leaves_them_usable(row, charge, work):
    services.request_refund(charge=charge, amount_minor=10000, reason="all of it")
    work()
    testing.fail_refund(charge.children.refunds().get().stripe_refund_id)
    work()
    assert left(row) == 2
    assert book(row).credit


@pytest.mark.parametrize("won", [True, False])
def test_while_it_is_disputed_none_is_used(row, charge, work, won):
    dispute_id = testing.open_dispute(charge.stripe_charge_id)
    work()
    assert left(row) == 0
    assert refuses(row)
    testing.close_dispute(dispute_id, won=won)
    work()
    assert left(row) == (2 if won else 0)
