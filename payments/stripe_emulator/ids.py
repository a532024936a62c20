"""Ids that look like Stripe's."""

import secrets
import string

ALPHABET = string.ascii_letters + string.digits
LENGTHS = {"cs_test": 58, "acct": 16, "req": 14, "cus": 14, "prod": 14}


def random_text(length: int) -> str:
    """Letters and digits that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def new(prefix: str) -> str:
    """A fresh id, such as `ch_…`."""
    return f"{prefix}_{random_text(LENGTHS.get(prefix, 24))}"
