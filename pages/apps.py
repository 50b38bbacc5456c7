from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "pages"

    def ready(self) -> None:
        from pages.sections import register
        from pages.views.jobs import own_jobs  # late: models are ready only now

        register("home", own_jobs, order=5)
