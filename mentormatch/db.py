"""What every model shares."""

import datetime as dt
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from mentormatch import times
from mentormatch.ids import public_id


class UpdatedAtField(models.DateTimeField[dt.datetime, dt.datetime]):
    """Set to the present of our clock whenever the row is saved."""

    def pre_save(self, model_instance: models.Model, add: bool) -> dt.datetime:
        value = times.now()
        setattr(model_instance, self.attname, value)
        return value


class TimestampedModel(models.Model):
    created_at = models.DateTimeField(_("created"), default=times.now, editable=False)
    updated_at = UpdatedAtField(_("updated"), default=times.now, editable=False)

    class Meta:
        abstract = True


class PublicIdField(models.CharField[str, str]):
    """The random code by which addresses and the API name a row."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"max_length": 32, "unique": True, "default": public_id, "editable": False}
        super().__init__(*args, **kwargs)
