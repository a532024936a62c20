"""The styleguide shows the sheet as it is, to those who build with it."""

import pytest
from django.urls import reverse

from mentormatch.ui.styleguide import colour_groups, measures, sheet
from tests.factories import UserFactory
from tests.pages import assert_clean

pytestmark = pytest.mark.django_db


def test_staff_see_it_and_others_do_not(client, login, settings):
    address = reverse("styleguide")
    assert client.get(address).status_code == 404
    assert login(UserFactory()).get(address).status_code == 404
    assert login(UserFactory(staff=True)).get(address).status_code == 200
    settings.DEBUG = True
    assert client.get(address).status_code == 200


def test_every_colour_of_the_sheet_is_shown_under_its_meaning(login):
    answer = login(UserFactory(staff=True)).get(reverse("styleguide"))
    groups = colour_groups(sheet())
    shown = [colour for group in groups for colour in group.colours]
    assert len(shown) == sheet().partition("--text:")[0].count(": light-dark(#")
    for name, light, dark in shown:
        assert f"--{name}<" in answer.text
        assert f'fill="{light}"' in answer.text
        assert f'fill="{dark}"' in answer.text
    assert_clean(answer)


def test_scales_are_read_from_the_sheet():
    found = dict(measures(sheet()))
    assert found["target"] == "2.75rem"
    assert {"text-m", "title-l", "space", "radius", "lift-2", "calm"} <= set(found)
