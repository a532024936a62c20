"""Public ids: what an address or the API shows instead of a row's number."""

import secrets

# No 0/o, 1/l/i: people read these to each other on the telephone.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def public_id() -> str:
    """A random id of 16 characters (79 bits)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(16))
