"""Running what is due once a period, however many workers look."""

import logging
from threading import Thread

from django.db import InterfaceError, OperationalError, connections

from mentormatch import times
from mentormatch.background.models import PeriodicRun
from mentormatch.background.registry import PERIODICS, Periodic
from mentormatch.db import in_one_line

logger = logging.getLogger(__name__)


def schedule() -> None:
    """Give every periodic function its row, due at once; one whose period shrank comes sooner."""
    now = times.real_now()
    PeriodicRun.objects.bulk_create(
        [PeriodicRun(name=name, next_due_at=now) for name in PERIODICS], ignore_conflicts=True
    )
    for item in PERIODICS.values():
        late = PeriodicRun.objects.filter(name=item.name, next_due_at__gt=now + item.every)
        late.update(next_due_at=now + item.every)


def run_soon() -> None:
    """Make every periodic function due: the demo's clock was moved, say."""
    PeriodicRun.objects.filter(name__in=PERIODICS).update(next_due_at=times.real_now())


def run_due() -> int:
    """Run every function whose period has come round; gives the number that this call began."""
    due = PeriodicRun.objects.filter(next_due_at__lte=times.real_now(), name__in=PERIODICS)
    names = due.order_by("next_due_at").values_list("name", flat=True)
    return sum(_claim(PERIODICS[name]) and _begin(PERIODICS[name]) for name in list(names))


def _claim(item: Periodic) -> bool:
    """Only one of those who come to this line in a period gets True."""
    now = times.real_now()
    row = PeriodicRun.objects.filter(name=item.name, next_due_at__lte=now)
    return row.update(next_due_at=now + item.every, last_started_at=now) == 1


def _begin(item: Periodic) -> bool:
    if item.is_long:
        Thread(target=_run_beside, args=[item], name=item.name, daemon=True).start()
        return True
    return run(item)


def _run_beside(item: Periodic) -> None:
    """In a thread, with a connection of its own."""
    try:
        run(item)
    except (OperationalError, InterfaceError) as error:
        logger.warning("%s lost the database: %s", item.name, in_one_line(error))
    finally:
        connections.close_all()


def run(item: Periodic) -> bool:
    """Run one function now and record how it went.

    Whatever it raises is logged and kept, for the others must go on; only the loss of the
    database (`OperationalError`, `InterfaceError`) is the worker's own business.
    """
    error = ""
    try:
        item.function()
    except (OperationalError, InterfaceError):
        raise
    except Exception as exc:  # the boundary: one function's bug is not the worker's
        logger.exception("%s failed", item.name)
        error = repr(exc)
    row = PeriodicRun.objects.filter(name=item.name)
    row.update(last_finished_at=times.real_now(), last_error=error)
    return True
