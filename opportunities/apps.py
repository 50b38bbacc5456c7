from django.apps import AppConfig


class OpportunitiesConfig(AppConfig):
    name = "opportunities"

    def ready(self) -> None:
        from ledger.sources import register  # late: models are ready only now
        from opportunities import sections, sources

        register("account:", many=sources.accounts, find=sources.find_accounts)
        sections.register_all()
