from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MentorsConfig(AppConfig):
    name = "mentormatch.mentors"
    verbose_name = _("Mentors")
