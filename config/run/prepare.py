"""Bring the database and the static files up to date, and print the demo logins: one process for all of it."""

import io
import os

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    quiet = io.StringIO()
    call_command("migrate", interactive=False, verbosity=0, stdout=quiet)
    if settings.PRODUCTION:
        # The demo's pages find their static files by themselves; and its logins are known to everybody.
        call_command("collectstatic", interactive=False, verbosity=0, stdout=quiet)
        return
    if not get_user_model().objects.exists():
        call_command("load_demo", stdout=quiet)
    call_command("load_demo", logins=True)


if __name__ == "__main__":
    main()
