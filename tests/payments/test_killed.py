"""A booking's whole way of the money, killed between any two steps, and real workers killed."""

import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager, suppress

import pytest
from django.conf import settings
from django_tasks import TaskResultStatus

from bookings import services as bookings
from bookings.models import Booking
from mentormatch import times
from mentormatch.background import queue
from mentormatch.background.models import PeriodicRun, QueuedTask, WorkerHeartbeat
from mentormatch.background.testing import run_periodic, run_tasks
from mentormatch.errors import Conflict
from payments import services
from payments.models import Transaction, WebhookEvent
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import Delivery, DeliveryStatus, StripeObject
from tests.background.processes import manage, wait_for
from tests.budget import budget
from tests.databases import server_environment
from tests.factories import BookingFactory
from tests.payments.killing import killed_at

Status = Transaction.Status
Action = Callable[[], object]
# How a booking's money may end, and the call to Stripe that ends it.
WRITES = {
    "refund": "/v1/refunds",
    "transfer": "/v1/transfers",
    "capture": "/v1/payment_intents/…/capture",
    "release": "/v1/payment_intents/…/cancel",
}


def made(kind: str, row: Transaction) -> list[StripeObject]:
    return [*StripeObject.objects.filter(type=kind, body__metadata__transaction=row.code)]


def deliver() -> None:
    Delivery.objects.filter(status=DeliveryStatus.WAITING).update(claimed_until=0)
    testing.deliver_events()


def work() -> None:
    queue.give_back(but_not_of=set())
    QueuedTask.objects.filter(status=TaskResultStatus.READY).update(run_after=times.now())
    run_tasks()


class Life:
    """One booking from its checkout to the end of its money, step by step, each safe to repeat."""

    def __init__(self, mentor, clock, ending: str) -> None:
        asks = ending in {"capture", "release"}
        self.booking = BookingFactory(
            mentor=mentor, to_pay=True, needs_answer=asks, starts_at=free_hour()
        )
        self.clock = clock
        self.last = last = {
            "refund": self.give_up,
            "transfer": self.take_place,
            "capture": self.accept,
            "release": self.decline,
        }[ending]
        self.actions: list[Action] = [self.open, self.pay, deliver, work, last, work, deliver, work]

    def open(self) -> None:
        with suppress(Conflict):  # paid for before the kill
            services.open_checkout(booking=self.booking, user=self.booking.mentee)

    def pay(self) -> None:
        with suppress(ValueError):
            testing.pay(self.charge.stripe_checkout_session_id)

    def give_up(self) -> None:
        services.call_off(booking=self.booking, by=self.booking.mentor.user)

    def accept(self) -> None:
        services.accept(booking=self.booking, by=self.booking.mentor.user)

    def decline(self) -> None:
        bookings.decline_booking(booking=self.booking, by=self.booking.mentor.user)

    def take_place(self) -> None:
        self.booking.refresh_from_db()
        bookings.complete_booking(booking=self.booking, now=self.booking.ends_at)
        self.clock.move_to(self.booking.ends_at + dt.timedelta(hours=48), tick=False)
        run_periodic("send_due_transfers")

    @property
    def charge(self) -> Transaction:
        return self.booking.transactions.charges().get()

    def live(self, kill_at: int | None) -> list[str]:
        """To its end, killed at that step; what was interrupted is done again. Gives the steps."""
        done = 0
        with killed_at(kill_at) as steps:
            for action in self.actions:
                action()
                done += 1
        assert steps.was_killed or kill_at is None or kill_at >= len(steps.taken)
        for action in [*self.actions[done:], deliver, work]:
            action()
        return steps.taken

    def check(self) -> None:
        """Once each, in both books, and nothing is left to do."""
        self.booking.refresh_from_db()
        if self.booking.needs_answer:
            self.check_answer()
        else:
            self.check_child()
        [page] = made("checkout.session", self.charge)
        assert page.stripe_id == self.charge.stripe_checkout_session_id
        assert not Transaction.objects.filter(status__in=Transaction.OPEN).exists()
        assert not WebhookEvent.objects.filter(WebhookEvent.UNFINISHED).exists()
        waiting = [TaskResultStatus.READY, TaskResultStatus.RUNNING]
        assert not QueuedTask.objects.filter(status__in=waiting).exists()
        assert testing.differences() == []

    def check_answer(self) -> None:
        [intent] = made("payment_intent", self.charge)
        assert (self.booking.status, self.charge.status, intent.status) in {
            (Booking.Status.CONFIRMED, Status.SUCCEEDED, "succeeded"),
            (Booking.Status.CANCELLED, Status.FAILED, "canceled"),
        }
        assert (self.last == self.accept) == (intent.status == "succeeded")

    def check_child(self) -> None:
        child = self.charge.children.get()
        kind, name = {
            "refund": ("refund", child.stripe_refund_id),
            "payout": ("transfer", child.stripe_transfer_id),
        }[child.type]
        assert child.status == Status.SUCCEEDED
        assert [row.stripe_id for row in made(kind, child)] == [name]
        is_over = Booking.Status.CANCELLED if kind == "refund" else Booking.Status.COMPLETED
        assert self.booking.status == is_over


def free_hour() -> dt.datetime:
    """An hour that no booking had yet."""
    return times.now().replace(minute=0, second=0, microsecond=0) + dt.timedelta(days=2)


@pytest.mark.stress
@pytest.mark.django_db
@pytest.mark.parametrize("ending", WRITES)
def test_killed_between_any_two_steps_all_of_it_is_made_up_for(mentor, freeze, ending, figure):
    clock = freeze(times.now())
    work()
    for _first_is_longer in range(2):
        life = Life(mentor, clock, ending)
        steps = life.live(None)
        life.check()
        clock.shift(dt.timedelta(hours=3))
    assert {f"call POST {WRITES[ending]}", f"answered POST {WRITES[ending]}", "done"} <= set(steps)
    rounds = range(0, len(steps), max(len(steps) // budget(3, len(steps)), 1))
    for step in rounds:
        life = Life(mentor, clock, ending)
        life.live(step)
        life.check()
        clock.shift(dt.timedelta(hours=3))
    figure(f"killed between two steps on the way to a {ending}", f"{len(rounds)} of {len(steps)}")


@contextmanager
def hanging_worker(moment: str, method: str, path: str, folder):
    """A real worker, until it hangs in that call; then it is killed."""
    mark, log = folder / "hangs", (folder / "log").open("wb")
    mark.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.payments.hanging_worker", moment, method, path, mark]
    process = subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=server_environment(), stdout=log, stderr=log
    )
    try:
        wait_for(lambda: mark.exists() or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        log.close()


@pytest.mark.slow
@pytest.mark.stress
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_of_a_call_is_made_up_for(mentor, tmp_path, figure):
    """`kill -9` before we hear of Stripe's answer, or before Stripe hears of us, by turns."""
    QueuedTask.objects.all().delete()
    # It would send the refund by itself before the task does.
    tomorrow = times.real_now() + dt.timedelta(days=1)
    PeriodicRun.objects.create(name="payments.tasks.reconcile", next_due_at=tomorrow)
    kills = budget(1, 30)
    for number in range(kills):
        starts_at = free_hour() + dt.timedelta(hours=2 * number)
        booking = BookingFactory(mentor=mentor, to_pay=True, starts_at=starts_at)
        row = services.open_checkout(booking=booking, user=booking.mentee)
        testing.pay(row.stripe_checkout_session_id)
        services.settle(booking=booking)
        services.call_off(booking=booking, by=booking.mentee)
        refund = row.children.get()
        moment = ("answered", "call")[number % 2]
        with hanging_worker(moment, "POST", "/v1/refunds", tmp_path):
            running = QueuedTask.objects.filter(status=TaskResultStatus.RUNNING)
            assert running.get().task_path.endswith(".send_refund")
        assert len(made("refund", refund)) == (moment == "answered")
        refund.refresh_from_db()
        assert refund.status == Status.PENDING
        # Half a minute passes, in which nobody hears of it.
        WorkerHeartbeat.objects.update(seen_at=times.real_now() - dt.timedelta(minutes=1))
        with manage("work", output=tmp_path / "healing") as worker:
            wait_for(lambda row=refund: is_through(row))
            assert worker.end() == 0
        assert [sent.stripe_id for sent in made("refund", refund)] == [refund.stripe_refund_id]
    assert testing.differences() == []
    figure("workers killed in the middle of a refund's call", f"{kills}, each refund made once")


def is_through(row: Transaction) -> bool:
    row.refresh_from_db()
    return row.status == Status.SUCCEEDED
