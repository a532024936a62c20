from django.urls import path
from django.views.i18n import set_language

from mentormatch.ui import views
from mentormatch.ui.manifest import manifest
from mentormatch.ui.styleguide import styleguide

urlpatterns = [
    path("", views.home, name="home"),
    path("manifest.webmanifest", manifest, name="manifest"),
    path("styleguide/", styleguide, name="styleguide"),
    path("language/", set_language, name="set_language"),
]
