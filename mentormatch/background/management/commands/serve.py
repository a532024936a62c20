import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mentormatch.background import lifeline
from mentormatch.background.supervisor import Supervisor, answers, is_loopback, refusal_of
from mentormatch.demo import people


class Command(BaseCommand):
    help = "Serve the site and work in the background, until Ctrl-C or SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        """Exits with 1 when the web server or the worker ends by itself."""
        self._refuse_what_cannot_work()
        supervisor = Supervisor(
            {"web server": _web_server(), "worker": _worker()}, environment=_environment()
        )
        host = "127.0.0.1" if settings.HOST in {"0.0.0.0", "::"} else settings.HOST  # noqa: S104  # only compared
        code = supervisor.run(
            is_up=lambda: answers(host, settings.PORT), say_up=self._say_where_it_is
        )
        sys.exit(code)

    def _refuse_what_cannot_work(self) -> None:
        if settings.DEMO_MODE == "1" and not is_loopback(settings.HOST):
            raise CommandError(
                f"The demo has log-ins without a password, so it isn't served on {settings.HOST}. "
                "MENTORMATCH_DEMO=public serves it there without these and without staff."
            )
        if refusal := refusal_of(settings.HOST, settings.PORT):
            raise CommandError(refusal)

    def _say_where_it_is(self) -> None:
        lines = [f"MentorMatch is at {settings.SITE_URL}/  (Ctrl-C ends it)"]
        if settings.DEMO:
            public = settings.DEMO_MODE == "public"
            log_ins = [person.email for person in people.LOG_INS if not (public and person.staff)]
            lines.append(f"Log in with the password {people.PASSWORD} as {', '.join(log_ins)}")
            if not public:
                lines.append(f"or with one click at {settings.SITE_URL}/demo/")
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def _web_server() -> list[str]:
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    return [
        *(sys.executable, "-m", "gunicorn", "-c", "python:mentormatch.background.gunicorn_config"),
        *("--bind", f"{host}:{settings.PORT}", "--workers", str(settings.WEB_CONCURRENCY)),
    ]


def _worker() -> list[str]:
    return [sys.executable, "-m", "django", "work"]


def _environment() -> dict[str, str]:
    """Ours, with where the code is (we may have been started from another folder)."""
    path = os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path, lifeline.SUPERVISOR: str(os.getpid())}
