from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        # Late: models are ready only now.
        from ledger import sections
        from ledger.money import keep_all_digits

        keep_all_digits()
        sections.register_all()
