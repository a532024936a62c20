"""In a module of its own: Django takes the one app config that it finds in `apps.py`."""

from django.contrib.admin.apps import AdminConfig


class StaffConfig(AdminConfig):
    """Django's admin with a first page of our own."""

    default_site = "mentormatch.ui.staff_site.StaffSite"
