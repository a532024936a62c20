"""A web worker or a background worker is killed at the worst moments: all is done once, or not."""

import datetime as dt
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.urls import reverse

from bookings import services as bookings
from bookings.models import Booking, CalendarEntry
from mentormatch import times
from mentormatch.background.testing import run_periodic, run_tasks
from mentormatch.mentors.models import MentorProfile
from payments import services as payments
from payments.models import Transaction, WebhookEvent
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from scripts.ports import free_port
from tests.background import invariants
from tests.background.faults import arm, caught
from tests.background.processes import Command, manage, serving, wait_for
from tests.background.visitors import BROKEN, CARD, Answer, Visitor
from tests.budget import budget
from tests.factories import MentorFactory, UserFactory, in_two_days, open_every_day
from tests.payments.conftest import onboarded

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc"),
]
SETTINGS = "tests.background.site_settings"
HOUR = dt.timedelta(hours=1)
# Where a worker dies, one after the other, on the way to a confirmation and then to a refund.
DEATHS = ("event mirrored", "mail sent", "refunded at Stripe", "event handled", "mail begun")


@pytest.fixture
def mentor(transactional_db: None) -> MentorProfile:
    mentor = MentorFactory(is_payable=False)
    open_every_day(mentor, always=True)
    onboarded(mentor)
    return mentor


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The folder in which it is said where the next process is to wait."""
    (tmp_path / "faults").mkdir()
    return tmp_path / "faults"


@pytest.fixture
def environment(tmp_path: Path, place: Path) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "FAULTS": str(place),
        "EMAIL_URL": f"filemail://{tmp_path / 'mail'}",
    }


class Site:
    """A running server, of whose workers one is killed at a named place."""

    def __init__(self, command: Command, place: Path, visitor: Visitor) -> None:
        self.command, self.place, self.visitor = command, place, visitor
        self.kills = 0

    def kill_at(self, name: str) -> None:
        """Wait until a process is there; kill it."""
        wait_for(lambda: caught(self.place, name))
        os.kill(caught(self.place, name) or 0, signal.SIGKILL)
        self.kills += 1

    def post_into(self, place: str, path: str, /, **form: object) -> None:
        """A POST whose web worker is killed at that place."""
        self._send_into(place, lambda: self.visitor.post(path, **form))

    def get_into(self, name: str, path: str) -> None:
        self._send_into(name, lambda: self.visitor.get(path))

    def _send_into(self, name: str, send: Callable[[], Answer]) -> None:
        arm(self.place, name)
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(send)
            self.kill_at(name)
            assert answer.result().status == BROKEN


@pytest.fixture
def site(
    mentor: MentorProfile, place: Path, environment: dict[str, str], tmp_path: Path
) -> Iterator[Site]:
    port = free_port()
    visitor = Visitor(port, UserFactory())
    with serving(tmp_path / "log", port, **environment) as command:
        yield Site(command, place, visitor)


def form_for(hours: int) -> dict[str, str]:
    """An hour of in two days, that many later."""
    starts_at = in_two_days() + hours * HOUR
    return {
        "starts_at": times.format_instant(starts_at),
        "duration_minutes": "60",
        "session_type": "one_on_one",
    }


def count(kind: str) -> int:
    """How many of them there are at Stripe."""
    return StripeObject.objects.filter(type=kind).count()


def test_a_web_worker_killed_in_mid_request_did_all_of_it_or_nothing(
    site: Site, mentor: MentorProfile, tmp_path: Path
) -> None:
    visitor, book = site.visitor, reverse("bookings:book", args=[mentor.slug])
    site.post_into("booking written, not committed", book, **form_for(0))
    assert not Booking.objects.exists()
    assert not CalendarEntry.objects.exists()
    assert visitor.post(book, **form_for(0)).status == 302, "the time is still free"
    site.post_into("booking committed", book, **form_for(2))
    assert visitor.post(book, **form_for(2)).status == 409, "it is theirs already"
    assert Booking.objects.count() == CalendarEntry.objects.filter(is_live=True).count() == 2

    booking = Booking.objects.order_by("pk")[0]
    pay = reverse("payments:pay", args=[booking.code])
    site.post_into("checkout opened at Stripe", pay)
    page = visitor.post(pay)
    assert (page.status, count("checkout.session")) == (302, 1)
    arm(site.place, "event stored")
    site.post_into("paid at Stripe", page.path, **CARD)
    back = visitor.post(page.path, **CARD)
    assert (back.status, count("charge")) == (302, 1)
    site.kill_at("event stored")
    site.get_into("payment settled", back.path)
    assert visitor.get(back.path).status == 302
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED

    cancel = reverse("bookings:cancel", args=[booking.code])
    site.post_into("booking called off", cancel, reason="No time.")
    assert visitor.post(cancel, reason="No time.").status == 302
    wait_for(lambda: not invariants.unfinished())
    assert count("refund") == Transaction.objects.refunds().count() == 1
    events = WebhookEvent.objects.values_list("event_id", flat=True)
    assert len(events) == len(set(events)) == count("event")
    assert site.command.lives(), "gunicorn replaced each of them"
    invariants.check_all()
    invariants.check_mails(tmp_path / "mail", kills=site.kills)


def a_paid_booking(mentor: MentorProfile) -> Booking:
    """Paid at Stripe, which we haven't heard of."""
    booking = bookings.book_slot(
        mentor=mentor,
        mentee=UserFactory(),
        starts_at=in_two_days(),
        duration_minutes=60,
        session_type=Booking.Type.ONE_ON_ONE,
    )
    row = payments.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(row.stripe_checkout_session_id or "")
    return booking


def told() -> bool:
    """Stripe tells what there is to tell."""
    return {status for _type, status in testing.deliver_events()} <= {200}


@pytest.mark.stress
def test_a_worker_killed_in_mid_task_is_made_up_for_once(
    mentor: MentorProfile, place: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    booking = a_paid_booking(mentor)
    # Nobody listens there: what Stripe tells is delivered from here.
    environment |= {"SITE_URL": f"http://127.0.0.1:{free_port()}"}
    deaths = DEATHS[budget(1, 0) : budget(3, len(DEATHS))]
    for number, name in enumerate(deaths):
        arm(place, name)
        with manage("work", output=tmp_path / f"log{number}", **environment) as worker:
            if name == "refunded at Stripe":
                wait_for(lambda: Booking.objects.get().status == Booking.Status.CONFIRMED)
                payments.call_off(booking=Booking.objects.get(), by=mentor.user)
            wait_for(lambda name=name: told() and caught(place, name))
            worker.process.kill()
    with manage("work", output=tmp_path / "log", **environment):
        wait_for(lambda: told() and not invariants.unfinished())
    booking.refresh_from_db()
    assert count("charge") == 1
    invariants.check_all()
    assert invariants.check_mails(tmp_path / "mail", kills=len(deaths))[1] == 1


def test_a_worker_killed_while_it_pays_a_mentor_pays_once(
    mentor: MentorProfile, place: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    booking = a_paid_booking(mentor)
    while told() and run_tasks():
        pass
    after_the_session(booking, 49 * HOUR)
    run_periodic("complete_overdue")
    after_the_session(booking, 98 * HOUR)
    arm(place, "transferred at Stripe")
    environment |= {"SITE_URL": f"http://127.0.0.1:{free_port()}"}
    with manage("work", output=tmp_path / "log0", **environment) as worker:
        wait_for(lambda: caught(place, "transferred at Stripe"))
        worker.process.kill()
    assert count("transfer") == 1
    assert Transaction.objects.payouts().get().stripe_transfer_id is None, "it wasn't written down"
    with manage("work", output=tmp_path / "log1", **environment):
        wait_for(lambda: told() and not invariants.unfinished())
    payout = Transaction.objects.payouts().get()
    assert (count("transfer"), payout.amount_minor) == (1, 5400)
    invariants.check_all()


def after_the_session(booking: Booking, ahead: dt.timedelta) -> None:
    """Everyone's clock is that long after its end."""
    times.set_clock_offset(booking.ends_at + ahead - times.real_now())
