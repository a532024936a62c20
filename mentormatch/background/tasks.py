"""What keeps the queue itself in order."""

import datetime as dt

from mentormatch.background import periodic, queue


@periodic(every=dt.timedelta(seconds=10))
def give_back_lost_tasks() -> None:
    """Tasks of workers that were killed go back into the queue."""
    queue.give_back()


@periodic(every=dt.timedelta(hours=1))
def prune_finished_tasks() -> None:
    """Rows of tasks long finished go."""
    queue.prune()
