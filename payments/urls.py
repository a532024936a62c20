from django.urls import path

from payments.views import (
    account,
    connect,
    earnings,
    pay,
    plans,
    receipts,
    saved_card,
    subscriptions,
    tips,
)

app_name = "payments"
urlpatterns = [
    path("bookings/<slug:code>/pay/", pay.pay, name="pay"),
    path("bookings/<slug:code>/pay/saved/", saved_card.pay_saved, name="pay_saved"),
    path("settings/card/remove/", saved_card.remove, name="card_remove"),
    path("bookings/<slug:code>/paid/", pay.paid, name="return"),
    path("sessions/<slug:code>/tip/", tips.give, name="tip"),
    path("tips/<slug:code>/", tips.given, name="tip_given"),
    path("dashboard/payouts/", connect.payouts, name="payouts"),
    path("dashboard/payouts/onboarding/", connect.onboard, name="onboard"),
    path("dashboard/payouts/return/", connect.onboarding_return, name="onboarding_return"),
    path("dashboard/payouts/refresh/", connect.onboarding_refresh, name="onboarding_refresh"),
    path("dashboard/earnings/", earnings.earnings, name="earnings"),
    path("dashboard/earnings/<slug:month>/", receipts.statement, name="statement"),
    path("settings/payments/", account.payments, name="account"),
    path("receipts/<slug:code>/", receipts.receipt, name="receipt"),
    path("dashboard/earnings.csv", earnings.earnings_csv, name="earnings_csv"),
    path("dashboard/plans/", plans.listing, name="plans"),
    path("dashboard/plans/<slug:code>/", plans.edit, name="plan"),
    path("dashboard/plans/<slug:code>/retire/", plans.retire, name="plan_retire"),
    path("dashboard/plans/<slug:code>/offer/", plans.offer, name="plan_offer"),
    path("subscriptions/", subscriptions.listing, name="subscriptions"),
    path("subscriptions/plans/<slug:code>/", subscriptions.subscribe, name="subscribe"),
    path("subscriptions/<slug:code>/return/", subscriptions.subscribed, name="subscribed"),
    path("subscriptions/<slug:code>/card/", subscriptions.card, name="subscription_card"),
    path("subscriptions/<slug:code>/cancel/", subscriptions.cancel, name="subscription_cancel"),
    path("subscriptions/<slug:code>/resume/", subscriptions.resume, name="subscription_resume"),
    path("subscriptions/<slug:code>/pay/", subscriptions.pay, name="subscription_pay"),
]
