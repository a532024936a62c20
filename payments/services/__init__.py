"""The verbs of payments."""

from payments.services.accounts import disconnect_account, refresh_account, start_onboarding
from payments.services.attention import settle_attention
from payments.services.captures import accept, let_go, note_acceptance, settle_authorization
from payments.services.cards import detach_card, keep_card, remove_card
from payments.services.checkout import call_off, expire_unpaid, open_checkout, settle
from payments.services.credits import book_session, find_credit, sessions_left
from payments.services.credits import give_back as give_back_credit
from payments.services.disputes import (
    complete_lost,
    follow_dispute,
    follow_open_disputes,
    record_dispute,
)
from payments.services.ending import (
    cancel_subscription,
    close_plan,
    end_as_wanted,
    end_at_stripe,
)
from payments.services.groups import call_off_group, finish_called_off
from payments.services.one_click import pay_by_one_click, pay_with_saved_card
from payments.services.payouts import follow_late_payouts, follow_payout, record_payout
from payments.services.plans import (
    PlanFields,
    create_plan,
    edit_plan,
    offer_plan,
    retire_plan,
)
from payments.services.reconciliation import reconcile
from payments.services.recording import (
    record_authorization,
    record_checkout,
    record_decline,
    record_expiry,
    record_intent,
    record_payment,
    record_release,
)
from payments.services.refunds import (
    adopt_refund,
    record_refund,
    refund_booking,
    refund_by_staff,
    request_refund,
    send_refund,
)
from payments.services.retries import resend_stuck, retry
from payments.services.reversals import (
    adopt_reversal,
    record_reversal,
    request_reversal,
    retry_reversal,
    send_reversal,
)
from payments.services.subscribing import (
    check_subscribable,
    close_unfinished,
    follow_overdue,
    settle_subscription,
    subscribe,
)
from payments.services.subscriptions import (
    billing_page,
    overdue_invoice,
    refresh_subscription,
    resume_subscription,
)
from payments.services.tips import check_may_tip, give_tip, may_tip, settle_tip
from payments.services.transfers import (
    check_not_passed_on,
    pass_on_again,
    record_transfer,
    request_transfer,
    send_due_transfers,
    send_transfer,
)
from payments.services.webhooks import handle, handle_again, receive, retry_stuck

__all__ = [
    "PlanFields",
    "accept",
    "adopt_refund",
    "adopt_reversal",
    "billing_page",
    "book_session",
    "call_off",
    "call_off_group",
    "cancel_subscription",
    "check_may_tip",
    "check_not_passed_on",
    "check_subscribable",
    "close_plan",
    "close_unfinished",
    "complete_lost",
    "create_plan",
    "detach_card",
    "disconnect_account",
    "edit_plan",
    "end_as_wanted",
    "end_at_stripe",
    "expire_unpaid",
    "find_credit",
    "finish_called_off",
    "follow_dispute",
    "follow_late_payouts",
    "follow_open_disputes",
    "follow_overdue",
    "follow_payout",
    "give_back_credit",
    "give_tip",
    "handle",
    "handle_again",
    "keep_card",
    "let_go",
    "may_tip",
    "note_acceptance",
    "offer_plan",
    "open_checkout",
    "overdue_invoice",
    "pass_on_again",
    "pay_by_one_click",
    "pay_with_saved_card",
    "receive",
    "reconcile",
    "record_authorization",
    "record_checkout",
    "record_decline",
    "record_dispute",
    "record_expiry",
    "record_intent",
    "record_payment",
    "record_payout",
    "record_refund",
    "record_release",
    "record_reversal",
    "record_transfer",
    "refresh_account",
    "refresh_subscription",
    "refund_booking",
    "refund_by_staff",
    "remove_card",
    "request_refund",
    "request_reversal",
    "request_transfer",
    "resend_stuck",
    "resume_subscription",
    "retire_plan",
    "retry",
    "retry_reversal",
    "retry_stuck",
    "send_due_transfers",
    "send_refund",
    "send_reversal",
    "send_transfer",
    "sessions_left",
    "settle",
    "settle_attention",
    "settle_authorization",
    "settle_subscription",
    "settle_tip",
    "start_onboarding",
    "subscribe",
]
