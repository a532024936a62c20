"""A message with a button that takes back what was just done.

What is taken back is done again by the very form that did it first, so there is no second way to
do it: the button only sends that form's fields to its address.
"""

import json
from typing import Any

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.utils.translation import gettext as _

from mentormatch.ui.forms import HiddenForm

MARK = "undo "


def say_with_undo(request: HttpRequest, text: str, *, action: str, fields: dict[str, Any]) -> None:
    """Tell that `text` was done; the button beside it POSTs `fields` to `action`."""
    kept = json.dumps({"action": action, "fields": fields})
    messages.success(request, text, extra_tags=f"{MARK}{kept}")


def undo_form(message: Message) -> HiddenForm | None:
    """The button of a message that can be taken back; `None` for any other."""
    tags = message.extra_tags or ""
    if not tags.startswith(MARK):
        return None
    kept = json.loads(tags.removeprefix(MARK))
    return HiddenForm(
        kept["fields"], action=kept["action"], submit=_("Undo"), kind="link", about=str(message)
    )
