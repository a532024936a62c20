"""`docs/api.md` does what it says: its blocks are run as they stand, against the demo."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bookings.models import Booking

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "api.md"


@pytest.mark.slow
@pytest.mark.one_engine
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_guide_books_pays_and_cancels(site):
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 6
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        env=os.environ | {"SITE": site},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    booking = Booking.objects.filter(mentee__email="mentee2@example.com").latest("pk")
    assert booking.status == Booking.Status.CANCELLED
    assert done.stdout.split()[-1] == str(booking.price_minor) == str(booking.refund_minor)
    assert booking.price_minor > 0
