import pytest
from django.contrib.auth.models import Permission

from tests.builders import make_company, make_user


@pytest.fixture
def company(db):
    make_company()


@pytest.fixture
def signed_in(client, company):
    """The client, signed in as a person with these permissions and no other."""

    def sign_in(*permissions: str):
        user = make_user("sam")
        for name in permissions:
            app, codename = name.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        client.force_login(user)
        return client

    return sign_in
