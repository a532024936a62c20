"""The addresses of `test_api_core.py`: its small API beside the real log-in."""

from django.urls import include, path

from tests.test_api_core import urlpatterns as probe

urlpatterns = [*probe, path("_allauth/", include("allauth.headless.urls"))]
