from typing import Any

from django.core.management.base import BaseCommand

from mentormatch.background.lifeline import end_with_supervisor
from mentormatch.background.worker import Worker


class Command(BaseCommand):
    help = "Work in the background: take tasks from the queue and run what is due."

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until SIGTERM or Ctrl-C; the running task is ended first."""
        worker = Worker()
        worker.configure_signals()
        end_with_supervisor()
        worker.run()
