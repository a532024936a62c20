"""The card that a mentee keeps: made Stripe's, remembered once it has paid, removed."""

from django.db import transaction as db

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.ids import public_id
from payments import tasks
from payments.models import SavedCard
from payments.stripe_service import StripeBroken, StripeRefused, StripeService
from payments.stripe_types import Card

NO_CARD = {
    "stripe_payment_method_id": "",
    "brand": "",
    "last4": "",
    "exp_month": None,
    "exp_year": None,
    "saved_at": None,
}


def customer_of(user: User) -> str:
    """That person's id as a customer at Stripe, made if it is missing. Safe to repeat."""
    row, _is_new = SavedCard.objects.get_or_create(user=user)
    if row.stripe_customer_id is None:
        made = _made_at_stripe(row)
        SavedCard.objects.filter(pk=row.pk, stripe_customer_id=None).update(stripe_customer_id=made)
        row.refresh_from_db()
    return row.stripe_customer_id or ""


def _made_at_stripe(row: SavedCard) -> str:
    """The customer of this row's key; under a new one where Stripe has used the old one up."""
    try:
        return StripeService().create_customer(card=row)
    except (StripeBroken, StripeRefused) as error:
        if not error.needs_new_key:
            raise
        # Stripe says for a day that it failed. A customer that it may have made has no card.
        rows = SavedCard.objects.filter(pk=row.pk, code=row.code, stripe_customer_id=None)
        rows.update(code=public_id(), updated_at=times.now())
        row.refresh_from_db()
        return StripeService().create_customer(card=row)


def keep_card(*, user: User, card: Card) -> None:
    """Remember the card that has just paid, in place of another. Within the caller's transaction.

    Safe to repeat.
    """
    row = SavedCard.objects.select_for_update().filter(user=user).first()
    if row is None or row.stripe_payment_method_id == card.id:
        return
    _let_go(row)
    SavedCard.objects.filter(pk=row.pk).update(
        stripe_payment_method_id=card.id,
        brand=card.brand[:20],
        last4=card.last4,
        exp_month=card.exp_month,
        exp_year=card.exp_year,
        saved_at=times.now(),
        updated_at=times.now(),
    )


def remove_card(*, user: User) -> bool:
    """Forget a person's card, here at once and at Stripe by a task; whether there was one."""
    with db.atomic():
        row = SavedCard.objects.select_for_update().filter(user=user).first()
        if row is None or not row.stripe_payment_method_id:
            return False
        _let_go(row)
        SavedCard.objects.filter(pk=row.pk).update(**NO_CARD, updated_at=times.now())
    return True


def _let_go(row: SavedCard) -> None:
    if row.stripe_payment_method_id:
        tasks.detach_card.enqueue(method_id=row.stripe_payment_method_id)


def detach_card(*, method_id: str) -> None:
    """Let Stripe forget a card. Safe to repeat; raises `StripeError` where it can't be asked."""
    try:
        StripeService().detach_card(method_id)
    except StripeRefused:
        return  # it was forgotten before
