"""Who sits at the browser: a person with one of the roles that come with the product."""

from django.contrib.auth.models import Group
from django.test import Client

from tests.builders import make_user


def signed_in(role: str) -> Client:
    user, client = make_user(f"{role}-person"), Client()
    user.groups.set(Group.objects.filter(name=role))
    client.force_login(user)
    client.user = user  # type: ignore[attr-defined]
    return client
