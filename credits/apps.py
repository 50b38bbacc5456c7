from django.apps import AppConfig


class CreditsConfig(AppConfig):
    name = "credits"

    def ready(self) -> None:
        # Late: models are ready only now.
        from credits import jobs
        from credits.certinia import jobs as certinia
        from credits.reports import checks, deferral, tie_out
        from credits.sections import corrections, journal, milestones, notices, planner, purchases, settings, why_not
        from ledger import tie_outs
        from ledger.reports.deferrals import register

        purchases.register_all()
        milestones.register_all()
        journal.register_all()
        corrections.register_all()
        notices.register_all()
        why_not.register_all()
        settings.register_all()
        planner.register_all()
        certinia.register_all()
        jobs.register_all()
        register("credits", deferral.PARTS)
        tie_outs.register("credits", checks=checks.CHECKS, tie_out=tie_out.tie_out, lots="purchase:")
