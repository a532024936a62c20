"""A process that doesn't outlive its supervisor, even if that is killed."""

import ctypes
import os
import signal
import sys

SUPERVISOR = "MENTORMATCH_SUPERVISOR"
PR_SET_PDEATHSIG = 1


def end_with_supervisor() -> None:
    """Have the kernel send us SIGTERM when the process that started us ends (Linux only).

    Does nothing unless the environment names that process: then nobody supervises us.
    """
    supervisor = os.environ.get(SUPERVISOR)
    if not supervisor or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(supervisor):  # it ended while we were starting
        os.kill(os.getpid(), signal.SIGTERM)
