"""The hosted pages and the API over HTTP, under the prefix `/_stripe/`."""

from django.urls import path, re_path

from . import config, dashboard, invoice_views, portal_views, views

app_name = "stripe_emulator"
urlpatterns = [
    path("checkout/<str:session_id>/", views.checkout, name="checkout"),
    path("authenticate/<str:intent_id>/", views.authenticate, name="authenticate"),
    path("invoice/<str:invoice_id>/", invoice_views.invoice, name="invoice"),
    path("onboarding/<str:token>/", views.onboarding, name="onboarding"),
    path("portal/<str:session_id>/", portal_views.portal, name="portal"),
    re_path(r"^(?P<path>v1/.+)$", views.endpoint, name="api"),
]
if config.has_dashboard():
    urlpatterns += [
        path("dashboard/", dashboard.dashboard, name="dashboard"),
        path("dashboard/act/", dashboard.act, name="act"),
        path("dashboard/switches/", dashboard.turn, name="switches"),
    ]
