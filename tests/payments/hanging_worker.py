"""A worker whose calls of one kind hang for ever: `python -m tests.payments.hanging_worker …`.

`call` or `answered`, then method and path (`POST /v1/refunds`), then the file that it makes when it
hangs there: before Stripe hears of it, or before we hear of the answer.
"""

import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django


def main(moment: str, method: str, path: str, mark: str) -> None:
    django.setup()
    import stripe  # the settings come first
    from django.core.management import call_command

    client = type(stripe.default_http_client)
    request = client.request

    def hang(self: Any, verb: str, url: str, *args: Any, **kwargs: Any) -> Any:
        hangs = verb.upper() == method and urlsplit(url).path == path
        if hangs and moment == "call":
            sleep(mark)
        answer = request(self, verb, url, *args, **kwargs)
        if hangs:
            sleep(mark)
        return answer

    client.request = hang  # type: ignore[method-assign]  # that is what it is for
    call_command("work")


def sleep(mark: str) -> None:
    Path(mark).touch()
    time.sleep(3600)


if __name__ == "__main__":
    main(*sys.argv[1:])
