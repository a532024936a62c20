from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "mentormatch.ui"
