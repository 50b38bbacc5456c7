from django.apps import AppConfig


class PrepaidConfig(AppConfig):
    name = "prepaid"

    def ready(self) -> None:
        # Late: models are ready only now.
        from ledger import tie_outs
        from ledger.reports.deferrals import register
        from prepaid.reports import billing, checks, deferral, tie_out
        from prepaid.sections import account, contracts, fulfilment, journal, services, statements, waiting

        services.register_all()
        journal.register_all()
        account.register_all()
        statements.register_all()
        waiting.register_all()
        fulfilment.register_all()
        contracts.register_all()
        billing.register_all()
        register("prepaid", deferral.PARTS)
        tie_outs.register("prepaid", checks=checks.CHECKS, tie_out=tie_out.tie_out, lots="prepaid:")
