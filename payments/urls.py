from django.urls import path

from payments.views import connect, earnings, pay

app_name = "payments"
urlpatterns = [
    path("bookings/<slug:code>/pay/", pay.pay, name="pay"),
    path("bookings/<slug:code>/paid/", pay.paid, name="return"),
    path("dashboard/payouts/", connect.payouts, name="payouts"),
    path("dashboard/payouts/onboarding/", connect.onboard, name="onboard"),
    path("dashboard/payouts/return/", connect.onboarding_return, name="onboarding_return"),
    path("dashboard/payouts/refresh/", connect.onboarding_refresh, name="onboarding_refresh"),
    path("dashboard/earnings/", earnings.earnings, name="earnings"),
]
