"""The devices of a second factor: the app on the phone, and the codes on paper."""

import base64
from typing import Any

import segno
from django.db import transaction
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

BACKUP_CODES = 8


@transaction.atomic
def check(user: Any, code: str) -> tuple[Any, str]:
    """The device that accepts the code, or the sentence why none does. Wrong codes make the next try wait."""
    kind = TOTPDevice if code.isdecimal() and len(code) == 6 else StaticDevice
    device = kind.objects.select_for_update().filter(user=user, confirmed=True).first()
    if device is None:
        return None, "This code is not right. Use the six digits that the app shows now."
    allowed, refusal = device.verify_is_allowed()
    if not allowed:
        seconds = max(1, int((refusal["locked_until"] - timezone.now()).total_seconds()) + 1)
        return None, f"Too many wrong codes. Try again in {seconds} second{'s' if seconds > 1 else ''}."
    if device.verify_token(code):
        return device, ""
    return None, "This code is not right. Use the six digits that the app shows now."


@transaction.atomic
def accept(user: Any, code: str) -> TOTPDevice | None:
    """The new device takes the place of the old one once it has shown that it works."""
    device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    if device is None or not device.verify_token(code):
        return None
    TOTPDevice.objects.filter(user=user, confirmed=True).delete()
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    return device


@transaction.atomic
def issue_codes(user: Any) -> list[str]:
    """New backup codes; the old ones are worth nothing from now on."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="Backup codes")
    codes = [StaticToken.random_token() for _ in range(BACKUP_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def drawn(address: str) -> str:
    return segno.make(address, error="m").svg_data_uri(scale=4, border=2)


def readable(key: bytes) -> str:
    secret = base64.b32encode(key).decode().rstrip("=")
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
