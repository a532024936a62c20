"""For tests: the worker's work, done in the test's own thread and transaction."""

from mentormatch.background import queue
from mentormatch.background.models import QueuedTask
from mentormatch.background.registry import PERIODICS
from mentormatch.background.worker import Worker


def run_tasks(*, may_fail: bool = False) -> list[QueuedTask]:
    """Work through the queue until nothing in it is due; gives the tasks that ran.

    A task that raises goes back with a back-off, as in life, and so isn't run again by the same
    call. It makes the test fail here, with the traceback, unless `may_fail`.
    """
    worker = Worker()
    ran = []
    while row := queue.take(worker.worker_id):
        worker.run_task(row)
        ran.append(row)
    failures = [row.traceback for row in ran if row.exception_class_path]
    if failures and not may_fail:
        raise AssertionError("A task raised; `may_fail=True` allows it.\n" + "\n".join(failures))
    return ran


def run_periodic(*names: str) -> None:
    """Run every periodic function once, or those of these names (`send_due_transfers`, say).

    Due or not; what one raises is raised here.
    """
    for item in list(PERIODICS.values()):
        if not names or item.name.rpartition(".")[2] in names:
            item.function()
