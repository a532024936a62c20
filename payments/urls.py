from django.urls import path

from payments import views

app_name = "payments"
urlpatterns = [
    path("bookings/<slug:code>/pay/", views.pay, name="pay"),
    path("bookings/<slug:code>/paid/", views.paid, name="return"),
    path("dashboard/payouts/", views.payouts, name="payouts"),
    path("dashboard/payouts/onboarding/", views.onboard, name="onboard"),
    path("dashboard/payouts/return/", views.onboarding_return, name="onboarding_return"),
    path("dashboard/payouts/refresh/", views.onboarding_refresh, name="onboarding_refresh"),
    path("dashboard/earnings/", views.earnings, name="earnings"),
]
