"""Mentors' connected accounts: opened at Stripe, and followed."""

import datetime as dt

from django.db import transaction as db

from mentormatch import times
from mentormatch.ids import public_id
from mentormatch.mentors import services as mentors
from mentormatch.mentors.models import MentorProfile
from payments.models import PaymentAccount
from payments.signals import account_disconnected, account_restricted
from payments.stripe_service import StripeBroken, StripeRefused, StripeService
from payments.stripe_types import AccountStatus, Link

MOST_ROUNDS = 3


def start_onboarding(*, mentor: MentorProfile) -> Link:
    """A fresh way to Stripe's onboarding page; the account is opened the first time.

    Safe to repeat: each link works once, the account stays the same.
    """
    account = PaymentAccount.objects.select_related("mentor__user").get_or_create(mentor=mentor)[0]
    if account.stripe_account_id is None:
        account_id = _open_at_stripe(account)
        rows = PaymentAccount.objects.filter(pk=account.pk, stripe_account_id=None)
        rows.update(stripe_account_id=account_id, updated_at=times.now())
        account.refresh_from_db()
        refresh_account(account=account)
    return StripeService().create_connect_onboarding_link(
        account_id=account.stripe_account_id or "", key=f"{account.code}-{public_id()}"
    )


def _open_at_stripe(account: PaymentAccount) -> str:
    """The account of this row's key; under a new one where Stripe has used the old one up."""
    service = StripeService()
    try:
        return service.create_connect_account(account=account)
    except (StripeBroken, StripeRefused) as error:
        if not error.needs_new_key:
            raise
        # The mentor has another address or country than when it was first asked for, or Stripe
        # says for a day that it failed. What it may have made is shown to nobody.
        _take_another_key(account)
        return service.create_connect_account(account=account)


def _take_another_key(account: PaymentAccount) -> None:
    rows = PaymentAccount.objects.filter(pk=account.pk, code=account.code, stripe_account_id=None)
    rows.update(code=public_id(), updated_at=times.now())
    account.refresh_from_db(fields=["code"])


def refresh_account(*, account: PaymentAccount, now: dt.datetime | None = None) -> PaymentAccount:
    """Ask Stripe how the account stands, and write it down.

    An account that has yet to be opened stays as it is. Safe to repeat.
    """
    for _round in range(MOST_ROUNDS):
        if account.stripe_account_id is None:
            break
        status = StripeService().get_account_status(account.stripe_account_id)
        if _write(account, status, now or times.now()):
            break
        # Another worker wrote meanwhile: perhaps of a change that this answer knew nothing of.
    return account


def _write(account: PaymentAccount, status: AccountStatus, now: dt.datetime) -> bool:
    """Compare-and-swap, also of an account that was cut off while Stripe answered."""
    rows = PaymentAccount.objects.filter(
        pk=account.pk, stripe_account_id=status.account_id, synced_at=account.synced_at
    )
    lost = _loses(account, status)
    with db.atomic():
        written = rows.update(
            details_submitted=status.details_submitted,
            charges_enabled=status.charges_enabled,
            payouts_enabled=status.payouts_enabled,
            transfers_active=status.transfers_active,
            requirements_due=status.requirements_due,
            synced_at=now,
            updated_at=now,
        )
        account.refresh_from_db()
        if written:
            payable = status.transfers_active
            mentors.record_payability(mentor_id=account.mentor_id, is_payable=payable)
            if lost:
                account_restricted.send(sender=PaymentAccount, account=account)
    return bool(written)


def _loses(account: PaymentAccount, status: AccountStatus) -> bool:
    """Whether the account could be paid, or pay out, and can't any more."""
    lost_transfers = account.transfers_active and not status.transfers_active
    return lost_transfers or (account.payouts_enabled and not status.payouts_enabled)


def disconnect_account(*, account: PaymentAccount, now: dt.datetime | None = None) -> None:
    """The mentor cut the platform off: nothing can be sent there any more.

    Onboarding opens a new account. Safe to repeat.
    """
    now = now or times.now()
    if account.stripe_account_id is None:
        return
    rows = PaymentAccount.objects.filter(pk=account.pk, stripe_account_id=account.stripe_account_id)
    with db.atomic():
        written = rows.update(
            stripe_account_id=None,
            code=public_id(),
            details_submitted=False,
            charges_enabled=False,
            payouts_enabled=False,
            transfers_active=False,
            requirements_due=[],
            metadata=account.metadata | {"disconnected": account.stripe_account_id},
            synced_at=now,
            updated_at=now,
        )
        if written:
            mentors.record_payability(mentor_id=account.mentor_id, is_payable=False)
            account_disconnected.send(sender=PaymentAccount, account=account)
