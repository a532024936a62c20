import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mentormatch.demo.seed import seed


class Command(BaseCommand):
    help = "Add what is missing of the demo's people, mentors, bookings and reviews."

    def handle(self, *args: Any, **options: Any) -> None:
        """Safe to repeat, and quick where nothing is missing."""
        if not settings.DEMO:
            raise CommandError("Demo data are for the demo: set MENTORMATCH_DEMO=1.")
        begun = time.monotonic()
        seed()
        if options["verbosity"] > 1:
            self.stdout.write(f"Seeded in {time.monotonic() - begun:.1f} s.")
