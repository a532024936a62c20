"""Everything between an installed checkout and a server that can start, in one process."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from mentormatch.db import in_one_line
from mentormatch.legal.services import add_missing_pages


def static_sources() -> str:
    """A fingerprint of all files that `collectstatic` would collect."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            state = Path(storage.path(name)).stat()
            digest.update(f"{name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class Command(BaseCommand):
    help = (
        "Brings the databases, the cache's table, the legal pages and the static files up to "
        "date, and in the demo adds what is missing of its data. Safe to repeat."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """One sentence and exit code 1 where the database can't be reached."""
        try:
            connection.ensure_connection()
        except OperationalError as error:
            raise CommandError(f"The database can't be used: {in_one_line(error)}") from error
        self.say("Databases …")
        call_command("migrate", interactive=False, verbosity=0)
        # Its own tables alone: going through all the other apps' for it takes five seconds.
        emulator = "stripe_emulator"
        call_command("migrate", emulator, database=emulator, interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        add_missing_pages()
        self.collect_static()
        if settings.DEMO:
            self.say("Demo data …")
            call_command("seed_demo")

    def collect_static(self) -> None:
        """Collect and compress only what has changed: that takes longer than all the rest."""
        stamp = Path(settings.STATIC_ROOT) / ".sources"
        sources = static_sources()
        if stamp.exists() and stamp.read_text() == sources:
            return
        self.say("Static files …")
        stamp.unlink(missing_ok=True)
        # Anew: else one that is newer than what was collected only in its content stays behind.
        call_command("collectstatic", clear=True, interactive=False, verbosity=0)
        stamp.write_text(sources)

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
