"""Connected accounts."""

from typing import Any

from payments.models import PaymentAccount
from payments.stripe_service.client import Gateway, url
from payments.stripe_types import AccountStatus, Link


class Accounts(Gateway):
    def create_connect_account(self, *, account: PaymentAccount) -> str:
        """Open an Express account for that mentor and give its id. Safe to repeat."""
        mentor = account.mentor
        with self._call() as client:
            made = client.v1.accounts.create(
                {
                    "type": "express",
                    "country": mentor.country,
                    "email": mentor.user.email,
                    "capabilities": {
                        "card_payments": {"requested": True},
                        "transfers": {"requested": True},
                    },
                    "metadata": {"account": account.code},
                },
                {"idempotency_key": f"{account.code}-account"},
            )
        return made.id

    def create_connect_onboarding_link(self, *, account_id: str, key: str) -> Link:
        """A fresh way to Stripe's onboarding page: each works once and for minutes."""
        with self._call() as client:
            link = client.v1.account_links.create(
                {
                    "account": account_id,
                    "type": "account_onboarding",
                    "refresh_url": url("payments:onboarding_refresh"),
                    "return_url": url("payments:onboarding_return"),
                },
                {"idempotency_key": key},
            )
        return Link.read(link.to_dict())

    def get_account(self, account_id: str) -> dict[str, Any]:
        """The account as the API answers it, for the mirror."""
        with self._call() as client:
            return client.v1.accounts.retrieve(account_id).to_dict()

    def get_account_status(self, account_id: str) -> AccountStatus:
        """What Stripe lets the account do at this moment."""
        return AccountStatus.read(self.get_account(account_id))
