"""One login per role and one for the admin. Their password is public: never in production."""

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group

from config.roles import ROLES, synchronise

PASSWORD = "drawdown-demo"
PEOPLE = {
    "sales": ("Sofia", "Lindgren"),
    "delivery": ("Daniel", "Okafor"),
    "finance": ("Farah", "Haddad"),
    "controller": ("Carl", "Reuter"),
    "viewer": ("Vera", "Novak"),
}
ADMIN = "admin"


def make_logins() -> None:
    """Makes the people that are missing; whoever is there keeps name, password and groups."""
    synchronise()
    password = ""
    for name, (first, last) in PEOPLE.items():
        if not get_user_model().objects.filter(username=name).exists():
            password = password or make_password(PASSWORD)
            user = get_user_model().objects.create(
                username=name, first_name=first, last_name=last, password=password, is_staff=name != "viewer"
            )
            user.groups.add(Group.objects.get(name=name))
    if not get_user_model().objects.filter(username=ADMIN).exists():
        get_user_model().objects.create_superuser(ADMIN, password=PASSWORD, first_name="Ada")


def logins() -> list[tuple[str, str]]:
    """User and password of each, for those who were made here; a password that was changed is not known."""
    known = get_user_model().objects.filter(username__in=[*ROLES, ADMIN])
    users = {user.username: user for user in known}
    return [(name, password_of(users[name])) for name in (*PEOPLE, ADMIN) if name in users]


def password_of(user) -> str:
    return PASSWORD if check_password(PASSWORD, user.password) else "(changed)"
