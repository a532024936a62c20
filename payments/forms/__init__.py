"""The forms of ours around payments; the card itself is typed at Stripe's."""

from payments.forms.pay import PayForm, TipForm
from payments.forms.plans import PER, PlanForm, SubscribeForm

__all__ = ["PER", "PayForm", "PlanForm", "SubscribeForm", "TipForm"]
