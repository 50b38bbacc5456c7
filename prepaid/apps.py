from django.apps import AppConfig


class PrepaidConfig(AppConfig):
    name = "prepaid"

    def ready(self) -> None:
        # Late: models are ready only now.
        from ledger import tie_outs
        from ledger.reports.deferrals import register
        from prepaid.reports import (
            billing,
            checks,
            contract_checks,
            contract_deferral,
            contract_tie_out,
            deferral,
            tie_out,
        )
        from prepaid.sections import (
            account,
            contract_billing,
            contracts,
            fulfilment,
            journal,
            services,
            statements,
            waiting,
        )

        services.register_all()
        journal.register_all()
        account.register_all()
        statements.register_all()
        waiting.register_all()
        fulfilment.register_all()
        contracts.register_all()
        contract_billing.register_all()
        billing.register_all()
        register("prepaid", deferral.PARTS)
        register("contracts", contract_deferral.PARTS)
        tie_outs.register("prepaid", checks=checks.CHECKS, tie_out=tie_out.tie_out, lots="prepaid:")
        tie_outs.register(
            "contracts", checks=contract_checks.CHECKS, tie_out=contract_tie_out.tie_out, lots="contract:"
        )
