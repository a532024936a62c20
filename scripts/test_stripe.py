"""Our gateway's scenarios on Stripe itself: `STRIPE_SECRET_KEY=sk_test_… make test-stripe`.

They are those that `make test` runs on the emulator, `test_*as_at_stripe.py`; each request and
answer is held against Stripe's description on the way. Transfers need a connected account that
may receive them. Onboarding is a page of Stripe's that no program can fill in, so it is looked
for among the platform's accounts, or named by `STRIPE_TEST_DESTINATION`; where there is none, one
is made and the way to its page is printed. `STRIPE_API_BASE` leads to another server than
Stripe's. Exit status 2: it couldn't begin, and said in one line what to do.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import stripe

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = (
    "tests/payments/stripe_emulator/test_as_at_stripe.py",
    "tests/payments/stripe_emulator/test_billing_as_at_stripe.py",
)
TEST_KEY = re.compile(r"(sk|rk)_test_[A-Za-z0-9]{24,}")
LIVE_KEY = re.compile(r"(sk|rk)_live_")
# The widest search that still ends: test modes gather accounts.
MOST_ACCOUNTS = 1000
ONBOARDED = "https://example.com/"


def refuse(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(2)


def checked_key() -> str:
    """The key, if it is one of the test mode."""
    key = os.environ.get("STRIPE_SECRET_KEY", "")
    if LIVE_KEY.match(key):
        refuse(
            "STRIPE_SECRET_KEY is a live key, and these tests move money: give one of test mode."
        )
    if not TEST_KEY.fullmatch(key):
        refuse("Set STRIPE_SECRET_KEY to a secret key of Stripe's test mode (sk_test_…).")
    return key


def find_destination(client: stripe.StripeClient) -> str | None:
    """A connected account that may receive transfers; the newest is as good as any."""
    if named := os.environ.get("STRIPE_TEST_DESTINATION"):
        return named
    listed = client.v1.accounts.list({"limit": 100}).auto_paging_iter()
    for _, account in zip(range(MOST_ACCOUNTS), listed, strict=False):
        if getattr(account.capabilities, "transfers", None) == "active":
            return account.id
    return None


def new_onboarding(client: stripe.StripeClient) -> str:
    """The page on which a fresh account is onboarded by hand."""
    account = client.v1.accounts.create(
        {
            "type": "express",
            "capabilities": {
                "card_payments": {"requested": True},
                "transfers": {"requested": True},
            },
        }
    )
    link = client.v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "refresh_url": ONBOARDED,
            "return_url": ONBOARDED,
        }
    )
    return link.url


def prepared(key: str, base: str) -> str:
    """The destination; ends the run in one line where Stripe can't be asked or has none."""
    client = stripe.StripeClient(key, base_addresses={"api": base or stripe.DEFAULT_API_BASE})
    try:
        if found := find_destination(client):
            return found
        page = new_onboarding(client)
    except stripe.StripeError as error:
        refuse(f"Stripe can't be asked: {error.user_message or error}")
    refuse(f"No connected account can receive transfers yet: onboard one at {page} and run again.")


def main() -> int:
    key, base = checked_key(), os.environ.get("STRIPE_API_BASE", "").rstrip("/")
    given = {
        "TEST_STRIPE_SECRET_KEY": key,
        "TEST_STRIPE_DESTINATION": prepared(key, base),
        "TEST_STRIPE_API_BASE": base,
        "TEST_DATABASE_URL": "",
    }
    print(f"On {base or 'Stripe in test mode'}:", flush=True)
    return subprocess.run(  # noqa: S603  # our own tests
        [sys.executable, "-m", "pytest", "-q", *SCENARIOS, *sys.argv[1:]],
        cwd=ROOT,
        env=os.environ | given,
        check=False,
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
