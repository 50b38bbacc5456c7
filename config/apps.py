from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root: settings, addresses, roles, the night. May import every app; no app imports it."""

    name = "config"
