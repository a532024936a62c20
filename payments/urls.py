from django.urls import path

from payments.views import connect, earnings, pay, tips

app_name = "payments"
urlpatterns = [
    path("bookings/<slug:code>/pay/", pay.pay, name="pay"),
    path("bookings/<slug:code>/paid/", pay.paid, name="return"),
    path("sessions/<slug:code>/tip/", tips.give, name="tip"),
    path("tips/<slug:code>/", tips.given, name="tip_given"),
    path("dashboard/payouts/", connect.payouts, name="payouts"),
    path("dashboard/payouts/onboarding/", connect.onboard, name="onboard"),
    path("dashboard/payouts/return/", connect.onboarding_return, name="onboarding_return"),
    path("dashboard/payouts/refresh/", connect.onboarding_refresh, name="onboarding_refresh"),
    path("dashboard/earnings/", earnings.earnings, name="earnings"),
    path("dashboard/earnings.csv", earnings.earnings_csv, name="earnings_csv"),
]
