"""Every address of the site. Composes the apps' own, decides nothing."""

from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("admin/", admin.site.urls),
]
for prefix, module in [
    ("", "mentormatch.ui.urls"),
    ("", "mentormatch.background.urls"),
    ("api/v1/", "mentormatch.api_urls"),
    ("", "mentormatch.mentors.urls"),
    ("settings/", "mentormatch.accounts.urls"),
    ("", "bookings.urls"),
    ("", "payments.urls"),
    ("", "sessions_app.urls"),
    ("", "reviews.urls"),
]:
    if find_spec(module):
        urlpatterns.append(path(prefix, include(module)))
if settings.STRIPE_EMULATED and find_spec("payments.stripe_emulator.urls"):
    urlpatterns.append(path("_stripe/", include("payments.stripe_emulator.urls")))
if settings.DEMO and find_spec("mentormatch.demo.urls"):
    urlpatterns.append(path("demo/", include("mentormatch.demo.urls")))
