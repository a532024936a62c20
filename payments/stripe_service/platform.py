"""The platform's own account at Stripe, and where its events are sent to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings

from payments.stripe_service.client import Gateway


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that events are sent to; `secret` is told once, when it is made."""

    id: str
    url: str
    events: tuple[str, ...]
    is_enabled: bool
    api_version: str
    purpose: str
    secret: str = ""

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        return cls(
            id=str(body["id"]),
            url=str(body["url"]),
            events=tuple(sorted(body["enabled_events"])),
            is_enabled=body["status"] == "enabled",
            api_version=str(body.get("api_version") or ""),
            purpose=str((body.get("metadata") or {}).get("mentormatch", "")),
            secret=str(body.get("secret") or ""),
        )


@dataclass(frozen=True, slots=True)
class Portal:
    """What Stripe's page for customers lets them do, as far as we send them there for it."""

    id: str
    changes_card: bool

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        return cls(
            id=str(body["id"]),
            changes_card=bool(body["features"]["payment_method_update"]["enabled"]),
        )


class Platform(Gateway):
    def own_account(self) -> dict[str, Any]:
        """The platform's account as the API answers it."""
        with self._call() as client:
            return client.v1.accounts.retrieve_current().to_dict()

    def has_connect(self) -> bool:
        """Asks for connected accounts: a refusal (`StripeRefused`) says that Connect is off."""
        with self._call() as client:
            client.v1.accounts.list({"limit": 1})
        return True

    def balance_currencies(self) -> set[str]:
        """The currencies in which the platform holds a balance."""
        with self._call() as client:
            balance = client.v1.balance.retrieve().to_dict()
        return {str(each["currency"]) for each in balance["available"]}

    def billing_portal(self) -> Portal | None:
        """The settings that we open the billing portal with; `None` where nobody saved any."""
        with self._call() as client:
            found = client.v1.billing_portal.configurations.list(
                {"active": True, "is_default": True, "limit": 1}
            )
        return next((Portal.read(each.to_dict()) for each in found.data), None)

    def webhook_endpoints(self) -> list[Endpoint]:
        """Every endpoint that there is."""
        with self._call() as client:
            found = client.v1.webhook_endpoints.list({"limit": 100})
            return [Endpoint.read(each.to_dict()) for each in found.auto_paging_iter()]

    def create_webhook_endpoint(
        self, *, url: str, events: list[str], purpose: str, key: str
    ) -> Endpoint:
        """Make one, for our own account's events or for those of connected ones."""
        asked: Any = {
            "url": url,
            "enabled_events": events,
            "connect": purpose == "connect",
            "api_version": settings.STRIPE_API_VERSION,
            "description": f"MentorMatch, {purpose}",
            "metadata": {"mentormatch": purpose},
        }
        with self._call() as client:
            made = client.v1.webhook_endpoints.create(asked, {"idempotency_key": key})
        return Endpoint.read(made.to_dict())

    def update_webhook_endpoint(
        self, endpoint: Endpoint, *, url: str, events: list[str], purpose: str, key: str
    ) -> Endpoint:
        """Let it send these events to that address again."""
        asked: Any = {
            "url": url,
            "enabled_events": events,
            "disabled": False,
            "metadata": {"mentormatch": purpose},
        }
        with self._call() as client:
            options: Any = {"idempotency_key": key}
            made = client.v1.webhook_endpoints.update(endpoint.id, asked, options)
        return Endpoint.read(made.to_dict())
