from django.apps import AppConfig


class CreditsConfig(AppConfig):
    name = "credits"

    def ready(self) -> None:
        # Late: models are ready only now.
        from credits import sections_milestones, sections_purchases

        sections_purchases.register_all()
        sections_milestones.register_all()
