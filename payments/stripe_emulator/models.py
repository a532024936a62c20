"""One table of Stripe objects as their JSON, the double-entry book, and the outbox."""

from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class StripeObject(models.Model):
    """One object of the API. `body` is what the API answers; `private` is what it never shows."""

    seq = models.BigAutoField(primary_key=True)
    stripe_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=40)
    account = models.CharField(max_length=40)
    created = models.BigIntegerField()
    status = models.CharField(max_length=40, blank=True)
    ref = models.CharField(max_length=255, blank=True)
    group = models.CharField(max_length=255, blank=True)
    due_at = models.BigIntegerField(null=True)
    body: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    private: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        indexes = (
            models.Index(fields=("type", "account", "-seq"), name="emu_object_list"),
            models.Index(fields=("type", "ref"), name="emu_object_ref"),
            models.Index(fields=("type", "status", "due_at"), name="emu_object_due"),
        )

    def __str__(self) -> str:
        return self.stripe_id


class Movement(models.Model):
    """One movement of money: its postings sum to zero in each currency."""

    created = models.BigIntegerField()
    reason = models.CharField(max_length=40)
    source = models.CharField(max_length=255)

    def __str__(self) -> str:
        return f"{self.reason} {self.source}"


class Posting(models.Model):
    """One line of a movement. A positive amount is what the ledger account gains."""

    movement = models.ForeignKey(Movement, on_delete=models.PROTECT, related_name="postings")
    ledger = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    available_on = models.BigIntegerField()

    class Meta:
        indexes = (models.Index(fields=("ledger", "currency"), name="emu_posting_ledger"),)
        constraints = (
            models.CheckConstraint(condition=~models.Q(amount=0), name="emu_posting_not_zero"),
        )

    def __str__(self) -> str:
        return f"{self.ledger} {self.amount} {self.currency}"


class IdempotencyKey(models.Model):
    """The first answer to a key, replayed for 24 hours."""

    account = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    request_id = models.CharField(max_length=40)
    status = models.PositiveSmallIntegerField()
    answer: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    created = models.BigIntegerField(db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("account", "key"), name="emu_idempotency_once"),
        )

    def __str__(self) -> str:
        return self.key


class DeliveryStatus(models.TextChoices):
    """How far a webhook got."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class Delivery(models.Model):
    """One event on its way to the webhook. Its times are the real clock's, in Unix seconds."""

    event = models.ForeignKey(StripeObject, on_delete=models.CASCADE, related_name="deliveries")
    connect = models.BooleanField()
    status = models.CharField(max_length=10, choices=DeliveryStatus, default=DeliveryStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.FloatField()
    claimed_until = models.FloatField(default=0)
    last_answer = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = (models.Index(fields=("status", "due_at"), name="emu_delivery_due"),)

    def __str__(self) -> str:
        return f"{self.event_id} {self.status}"


class Mode(models.TextChoices):
    """How every request to Stripe fails. What each does: `outage.outage`."""

    WELL = "", _("Stripe answers")
    CONNECTION = "connection", _("nobody answers")
    TIMEOUT = "timeout", _("it takes too long")
    ANSWER_LOST = "answer_lost", _("it is done, and the answer is lost")
    BROKEN = "500", _("Stripe answers 500")
    TOO_MANY = "429", _("Stripe answers 429, too many requests")
    SLOW = "slow", _("it is slow")


class Switches(models.Model):
    """How Stripe misbehaves, for every process that shares these books; one row at most."""

    mode = models.CharField(_("Requests"), max_length=12, choices=Mode, blank=True)
    seconds = models.PositiveSmallIntegerField(
        _("Seconds it takes where it is slow"), default=3, validators=[MaxValueValidator(30)]
    )
    repeat = models.PositiveSmallIntegerField(
        _("Times that each event is sent once more"),
        default=0,
        validators=[MaxValueValidator(5)],
    )
    delay = models.PositiveSmallIntegerField(
        _("Seconds that each event comes late"), default=0, validators=[MaxValueValidator(3600)]
    )
    reorder = models.BooleanField(_("The newest events come first"), default=False)
    lose_answer = models.BooleanField(
        _("The answer to each event's first delivery is lost"), default=False
    )
    drop: models.JSONField[list[str], list[str]] = models.JSONField(default=list, blank=True)

    def __str__(self) -> str:
        return "the switches"
