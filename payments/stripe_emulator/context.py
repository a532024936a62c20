"""Who asks, for which account, and when."""

from dataclasses import dataclass, replace
from typing import Any

from . import config

Body = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """One request: the account whose objects it sees, its time, and what its events name."""

    account: str
    now: int
    request_id: str | None = None
    idempotency_key: str | None = None

    @property
    def is_platform(self) -> bool:
        """Whether the platform acts on its own account."""
        return self.account == config.platform_id()

    def on(self, account: str) -> "Context":
        """The same request, acting on another account's objects."""
        return replace(self, account=account)


def for_platform() -> Context:
    """What happens by itself or on a hosted page, with no request of the platform's."""
    return Context(account=config.platform_id(), now=config.timestamp())


def for_account(account: str, *, at: int | None = None) -> Context:
    """The same for a named account; `at` is when it was due, if that is past."""
    return Context(account=account, now=config.timestamp() if at is None else at)
