from django.apps import AppConfig


class CreditsConfig(AppConfig):
    name = "credits"

    def ready(self) -> None:
        # Late: models are ready only now.
        from credits.reports import deferral
        from credits.sections import milestones, purchases
        from ledger.reports.deferrals import register

        purchases.register_all()
        milestones.register_all()
        register("credits", deferral.PARTS)
