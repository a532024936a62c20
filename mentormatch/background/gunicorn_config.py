"""How gunicorn serves the site: `gunicorn -c python:mentormatch.background.gunicorn_config`."""

from pathlib import Path
from typing import Any

from mentormatch.background.lifeline import end_with_supervisor

wsgi_app = "mentormatch.wsgi:application"
worker_class = "gthread"
threads = 4
# Loaded once and shared by the workers: a third of the memory, and a failing start ends at once.
preload_app = True
# Otherwise it listens on a socket in the home folder.
control_socket_disable = True
graceful_timeout = 10
timeout = 60
loglevel = "warning"
# In memory: on a disk under load a worker's sign of life can come too late.
_memory = Path("/dev/shm")  # noqa: S108  # gunicorn makes an unguessable file of its own in it
worker_tmp_dir = str(_memory) if _memory.is_dir() else None


def on_starting(server: Any) -> None:
    """Called once, before the first worker is started."""
    end_with_supervisor()
