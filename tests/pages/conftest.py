import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User

from ledger.models import Currency, ExchangeRate


@pytest.fixture
def currencies(db):
    names = {"EUR": ("Euro", 2), "JPY": ("Yen", 0), "USD": ("US dollar", 2)}
    return {
        code: Currency.objects.get_or_create(code=code, defaults={"name": name, "decimals": decimals})[0]
        for code, (name, decimals) in names.items()
    }


@pytest.fixture
def rates(currencies):
    """Makes rates, one a day from 1 January 2026."""

    def make(code: str, *values: str) -> list[ExchangeRate]:
        first = datetime.date(2026, 1, 1)
        return ExchangeRate.objects.bulk_create(
            ExchangeRate(
                currency=currencies[code], starting_on=first + datetime.timedelta(days=day), rate=Decimal(value)
            )
            for day, value in enumerate(values)
        )

    return make


@pytest.fixture
def signed_in(client, db):
    """The client, signed in as a person with these permissions and no other."""

    def sign_in(*permissions: str):
        user = User.objects.create_user("sam", first_name="Sam")
        for permission in permissions:
            app, codename = permission.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        client.force_login(user)
        client.user = user
        return client

    return sign_in
