import pytest
from django.contrib.admin.models import LogEntry

from mentormatch.accounts.models import User
from mentormatch.accounts.services import activate, deactivate, update_settings
from mentormatch.errors import Conflict, InvalidInput
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_update_settings_leaves_out_what_is_not_given():
    user = update_settings(user=UserFactory(full_name="Ada"), time_zone=" Asia/Tokyo ")
    user.refresh_from_db()
    assert (user.full_name, user.time_zone) == ("Ada", "Asia/Tokyo")


@pytest.mark.parametrize(
    "wrong", [{"full_name": ""}, {"time_zone": "Mars/Olympus"}, {"language": "tlh"}]
)
def test_update_settings_names_the_field(wrong):
    with pytest.raises(InvalidInput) as caught:
        update_settings(user=UserFactory(), **wrong)
    assert caught.value.field in wrong


def test_deactivate_and_activate_leave_their_reasons_in_the_log():
    user, staff = UserFactory(), UserFactory(staff=True)
    deactivate(user=user, by=staff, reason="sells watches")
    user.refresh_from_db()
    assert not user.is_active
    with pytest.raises(Conflict):
        deactivate(user=user, by=staff, reason="again")
    activate(user=user, by=staff, reason="a mistake")
    user.refresh_from_db()
    assert user.is_active
    said = [entry.change_message for entry in LogEntry.objects.order_by("pk")]
    assert said == ["Deactivated: sells watches", "Activated: a mistake"]


def test_deactivate_wants_a_reason_and_never_oneself():
    staff = UserFactory(staff=True)
    with pytest.raises(InvalidInput):
        deactivate(user=UserFactory(), by=staff, reason="  ")
    with pytest.raises(Conflict):
        deactivate(user=staff, by=staff, reason="tired")


def test_a_name_turns_no_other_words():
    user = User(email="eve@example.org", full_name="\u202eeve\u2067 \u05e9")
    assert (user.get_full_name(), user.get_short_name()) == ("eve \u05e9", "eve")
    assert User(email="eve@example.org", full_name="\u202e").get_full_name() == "eve"
