"""A running site that people book, pay and cancel at, and whose processes are killed at random."""

import os
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import pytest
from django.urls import reverse

from bookings.models import Booking
from mentormatch import times
from mentormatch.demo import clock
from mentormatch.mentors.models import MentorProfile
from scripts.ports import free_port
from tests.background import invariants
from tests.background.processes import Command, serving, wait_for
from tests.background.visitors import BROKEN, CARD, Answer, Visitor
from tests.budget import IS_STRESS, budget
from tests.factories import MentorFactory, UserFactory, in_two_days, open_every_day
from tests.payments.conftest import onboarded

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc"),
]
PEOPLE = 4
HOUR = times.dt.timedelta(hours=1)
# Who is killed, and how often of a hundred times. The first is replaced by gunicorn; with each of
# the others the whole site ends, and is started again as whoever runs it would.
VICTIMS = {"web worker": 70, "worker": 22, "gunicorn": 4, "serve": 4}


class Site:
    """The site as a service manager runs it: started again whenever it ends."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.kills: Counter[str] = Counter()
        self.starts = 0
        self.command: Command | None = None
        self.ended = Event()
        self.keeper = Thread(target=self._keep)

    def __enter__(self) -> "Site":
        self.keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.keeper.join()

    def _keep(self) -> None:
        environment = {
            "DJANGO_SETTINGS_MODULE": "tests.background.site_settings",
            "FAULTS": str(self.folder),
            "EMAIL_URL": f"filemail://{self.folder / 'mail'}",
        }
        while not self.ended.is_set():
            log = self.folder / f"log{self.starts}"
            self.starts += 1
            # It may end while it starts, and its port may be taken for a moment by the last one.
            with suppress(AssertionError), serving(log, self.port, **environment) as command:
                self.command = command
                while command.lives() and not self.ended.wait(0.05):
                    pass
                self.command = None

    def kill(self, victim: str) -> None:
        """Kill one of them, if it is there."""
        command = self.command
        with suppress(ProcessLookupError, ValueError, IndexError):
            if command is not None:
                os.kill(_pid_of(victim, command), signal.SIGKILL)
                self.kills[victim] += 1

    def said(self) -> str:
        """What all of them have printed."""
        return "\n".join(file.read_text() for file in sorted(self.folder.glob("log*")))


def _pid_of(victim: str, command: Command) -> int:
    if victim == "serve":
        return command.process.pid
    if victim == "worker":
        return command.one("django work")
    master = command.one("gunicorn")
    if victim == "gunicorn":
        return master
    pids = [pid for pid, line in command.family().items() if "gunicorn" in line and pid != master]
    return random.choice(pids)


class Mentee:
    """Books hour after hour, pays, sometimes cancels; tries again whatever breaks."""

    def __init__(self, number: int, port: int, mentor: MentorProfile, until: Event) -> None:
        self.visitor = Visitor(port, UserFactory())
        self.chance = random.Random(number)
        self.number, self.mentor, self.until = number, mentor, until
        self.statuses: Counter[int] = Counter()
        self.odd: list[str] = []

    def __call__(self) -> None:
        # Two people each want the same hours.
        hour = self.number // 2 * 500
        while not self.until.is_set():
            self._book(hour)
            self._pay_what_is_to_pay()
            if self.chance.random() < 0.3:
                self._cancel_one()
            hour += 1

    def _insist(self, send: Callable[[], Answer]) -> Answer:
        """The first answer that isn't a broken connection or a "try again"."""
        while True:
            answer = send()
            self.statuses[answer.status] += 1
            if answer.status not in (BROKEN, 503):
                break
            if self.until.wait(0.2):
                break
        if answer.status not in (BROKEN, 503, 200, 302, 409):
            self.odd.append(f"{answer.status} {answer.text[:2000]}")
        return answer

    def _book(self, hour: int) -> None:
        form = {
            "starts_at": times.format_instant(in_two_days() + hour * HOUR),
            "duration_minutes": "60",
            "session_type": "one_on_one",
        }
        path = reverse("bookings:book", args=[self.mentor.slug])
        self._insist(lambda: self.visitor.post(path, **form))

    def _pay_what_is_to_pay(self) -> None:
        """What the list says: after a broken connection nobody knows what was booked."""
        listed = self._insist(lambda: self.visitor.get(reverse("bookings:list")))
        for path in sorted(set(re.findall(r'"(/bookings/\w+/pay/)"', listed.text))):
            page = self._insist(lambda path=path: self.visitor.post(path))
            if page.path.startswith("/_stripe/"):
                back = self._insist(lambda page=page: self.visitor.post(page.path, **CARD))
                if back.path:
                    self._insist(lambda back=back: self.visitor.get(back.path))

    def _cancel_one(self) -> None:
        listed = self._insist(lambda: self.visitor.get(reverse("bookings:list")))
        codes = sorted(set(re.findall(r'"/bookings/(\w{16})/"', listed.text)))
        if codes:
            path = reverse("bookings:cancel", args=[self.chance.choice(codes)])
            self._insist(lambda: self.visitor.post(path, reason="Something came up."))


@contextmanager
def visited(mentees: list[Mentee], until: Event) -> Iterator[None]:
    threads = [Thread(target=mentee) for mentee in mentees]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        until.set()
        for thread in threads:
            thread.join()


@pytest.mark.stress
def test_killed_again_and_again_nothing_is_lost_or_done_twice(
    tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    mentor = MentorFactory(is_payable=False, horizon_days=365)
    open_every_day(mentor, always=True)
    onboarded(mentor)
    until = Event()
    with Site(tmp_path) as site:
        mentees = [Mentee(number, site.port, mentor, until) for number in range(PEOPLE)]
        probe = mentees[0].visitor
        wait_for(lambda: is_well(probe))
        with visited(mentees, until):
            kill_at_random(site, mentees, kills=budget(3, 200))
            wait_for(Booking.objects.filter(status=Booking.Status.CONFIRMED).exists)
        wait_for(lambda: is_well(probe))
        settle()
        said = site.said()
    statuses = sum((mentee.statuses for mentee in mentees), Counter())
    assert [odd for mentee in mentees for odd in mentee.odd] == [], said[-5000:]
    invariants.check_all()
    kills = site.kills.total()
    arrived, twice = invariants.check_mails(tmp_path / "mail", kills=kills)
    confirmed = Booking.objects.exclude(confirmed_at=None).count()
    who = ", ".join(f"{number} × {victim}" for victim, number in site.kills.items())
    figure("kills under load", f"{kills} ({who})")
    figure("… bookings made and paid meanwhile", f"{Booking.objects.count()} and {confirmed}")
    figure("… requests without an answer, of all", f"{statuses[BROKEN]} of {statuses.total()}")
    figure("… mails sent, of them twice", f"{arrived}, {twice}")


def kill_at_random(site: Site, mentees: list[Mentee], *, kills: int) -> None:
    """One after the other, each as soon as the site has got over the last one and is at work."""
    chance = random.Random(kills)
    victims = VICTIMS if IS_STRESS else {"web worker": 1}  # a start takes seconds
    while site.kills.total() < kills:
        victim = chance.choices(list(victims), list(victims.values()))[0]
        enough = answered(mentees) + chance.randint(1, 20)
        wait_for(lambda enough=enough: answered(mentees) >= enough)
        time.sleep(chance.uniform(0, 0.2))
        site.kill(victim)


def answered(mentees: list[Mentee]) -> int:
    """How many of their requests were."""
    return sum(m.statuses.total() - m.statuses[BROKEN] - m.statuses[503] for m in mentees)


def is_well(probe: Visitor) -> bool:
    return probe.get(reverse("background:healthz")).status == 200


def settle() -> None:
    """What was begun ends by itself; holds that nobody paid for run out."""
    clock.move(to=clock.Move.HOUR, user=None)
    pending = Booking.objects.filter(status=Booking.Status.PENDING)
    try:
        wait_for(lambda: not pending.exists() and not invariants.unfinished(), 300)
    except AssertionError as error:
        error.add_note("\n".join([*map(repr, pending), *invariants.unfinished()]))
        raise
