"""The process that works: django-tasks-db's worker with a sweeper, a pulse and patience."""

import logging
import os
import secrets
import socket
import sys
import threading
import time
from types import FrameType

from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connections,
)
from django_tasks import DEFAULT_TASK_BACKEND_ALIAS
from django_tasks_db.management.commands.db_worker import Worker as DatabaseWorker

from mentormatch import times
from mentormatch.background import periodics, queue
from mentormatch.db import in_one_line

logger = logging.getLogger(__name__)
IDLE_SECONDS = 0.25
OUTAGE_SECONDS = 1.0


class Pulse(threading.Thread):
    """Says every few seconds that the worker lives, during a long task as well."""

    def __init__(self, worker_id: str) -> None:
        super().__init__(name="pulse", daemon=True)
        self.worker_id = worker_id
        self.ended = threading.Event()

    def run(self) -> None:
        """Beat until told to end. While the database is away there is nothing to say."""
        while not self.ended.wait(queue.HEARTBEAT_EVERY.total_seconds()):
            close_old_connections()
            try:
                queue.beat(self.worker_id)
            except (DatabaseError, InterfaceError):
                logger.debug("No heartbeat: the database is away.")
            close_old_connections()
        connections.close_all()


class Worker(DatabaseWorker):
    """Takes tasks one at a time, and between two of them runs the periodic functions."""

    def __init__(self) -> None:
        super().__init__(
            queue_names=["*"],
            excluded_queue_names=[],
            interval=IDLE_SECONDS,
            batch=False,
            backend_name=DEFAULT_TASK_BACKEND_ALIAS,
            startup_delay=False,
            max_tasks=None,
            worker_id=f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(6)}",
        )
        self.known = False  # to the other workers, since the start or the last outage
        self.away = False  # the database, as far as was said

    def run(self) -> None:
        """Work until told to end by a signal; what runs then is ended first."""
        pulse = Pulse(self.worker_id)
        pulse.start()
        try:
            while self.running:
                self.running_task = True
                worked = self._turn()
                self.running_task = False
                if not worked:
                    self._rest()
        finally:
            pulse.ended.set()
            self._retire()

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """End after the running task; told again, give that up too, for another worker to redo."""
        told_before, self.running = not self.running, False
        if told_before or not self.running_task:
            sys.exit(0)

    def _rest(self) -> None:
        if self.running:
            time.sleep(self.interval)  # a signal ends the process from in here

    def _turn(self) -> bool:
        """One sweep and at most one task; whether there was a task."""
        close_old_connections()
        try:
            if not self.known:
                self._introduce()
            periodics.run_due()
            row = queue.take(self.worker_id)
            self._say(away=False)
            if row is not None:
                self.run_task(row)
        except (OperationalError, InterfaceError) as error:
            self._wait_out(error)
            return False
        close_old_connections()
        return row is not None

    def _introduce(self) -> None:
        """Be known as alive, with nothing running: what an outage interrupted is given back."""
        others = queue.living(times.real_now()) - {self.worker_id}
        queue.give_back(but_not_of=others)
        queue.beat(self.worker_id)
        periodics.schedule()
        self.known = True

    def _wait_out(self, error: Exception) -> None:
        self._say(away=True, error=error)
        self.known = False
        connections.close_all()
        self.running_task = False
        time.sleep(OUTAGE_SECONDS)

    def _say(self, *, away: bool, error: Exception | None = None) -> None:
        """Once when the database goes, once when it is back."""
        if away and not self.away:
            what = in_one_line(error) if error else ""
            logger.warning("The database doesn't answer; the worker waits for it: %s", what)
        elif self.away and not away:
            logger.warning("The database answers again.")
        self.away = away

    def _retire(self) -> None:
        try:
            queue.retire(self.worker_id)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The worker ends while the database is away: %s", error)
        connections.close_all()
