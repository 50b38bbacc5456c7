from django.apps import AppConfig


class CreditsConfig(AppConfig):
    name = "credits"

    def ready(self) -> None:
        # Late: models are ready only now.
        from credits.sections import milestones, purchases

        purchases.register_all()
        milestones.register_all()
