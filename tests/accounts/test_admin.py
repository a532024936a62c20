import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LIST = "admin:accounts_user_changelist"


def _act(client, user, action, reason):
    sent = {"action": action, "reason": reason, "_selected_action": [user.pk]}
    return client.post(reverse(LIST), sent, follow=True)


def test_staff_shut_someone_out_and_let_them_in_again(login):
    user, client = UserFactory(), login(UserFactory(staff=True))
    _act(client, user, "deactivate_people", "sells watches")
    user.refresh_from_db()
    assert not user.is_active
    _act(client, user, "activate_people", "a mistake")
    user.refresh_from_db()
    assert user.is_active
    history = client.get(reverse("admin:accounts_user_history", args=[user.pk]))
    assert "sells watches" in history.content.decode()


def test_staff_need_a_reason(login):
    user = UserFactory()
    answer = _act(login(UserFactory(staff=True)), user, "deactivate_people", "")
    user.refresh_from_db()
    assert user.is_active
    assert "Give a reason" in answer.content.decode()


def test_staff_edit_nothing_by_hand(login):
    user, client = UserFactory(full_name="Ada"), login(UserFactory(staff=True))
    url = reverse("admin:accounts_user_change", args=[user.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"full_name": "Eve", "is_staff": "on"}).status_code == 403
    assert client.get(reverse("admin:accounts_user_add")).status_code == 403
    assert client.get(reverse("admin:accounts_user_delete", args=[user.pk])).status_code == 403


def test_others_see_no_staff_pages(login, client):
    assert client.get(reverse(LIST)).status_code == 302
    assert login(UserFactory()).get(reverse(LIST)).status_code == 302


def test_staff_who_may_only_look_have_no_actions(login):
    user, looker = UserFactory(), UserFactory(is_staff=True)
    looker.user_permissions.add(*_permission("view_user"))
    _act(login(looker), user, "deactivate_people", "because")
    user.refresh_from_db()
    assert user.is_active


def _permission(codename):
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename=codename)


def test_staff_look_at_addresses_and_verify_none(login):
    address = EmailAddress.objects.create(user=UserFactory(), email="ada@example.org")
    client = login(UserFactory(staff=True))
    row = reverse("admin:account_emailaddress_change", args=[address.pk])
    assert client.get(reverse("admin:account_emailaddress_changelist")).status_code == 200
    assert client.get(row).status_code == 200
    assert client.post(row, {"verified": "on"}).status_code == 403
