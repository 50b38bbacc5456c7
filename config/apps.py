from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate


class ConfigConfig(AppConfig):
    """The composition root: settings, addresses, roles, the night. May import every app; no app imports it."""

    name = "config"

    def ready(self) -> None:
        from config.nights import sections  # late: models are ready only now
        from config.roles import synchronise
        from config.security import session_begins

        sections.register_all()
        # Django tells of each app in turn. When it comes to auth, the permissions of our apps, which stand before it in
        # INSTALLED_APPS, are there.
        post_migrate.connect(synchronise, sender=apps.get_app_config("auth"), dispatch_uid="config.roles")
        user_logged_in.connect(session_begins, dispatch_uid="config.security")
