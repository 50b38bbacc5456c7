from django.core.management.base import BaseCommand

from credits.services.notice_mail import send_what_is_new


class Command(BaseCommand):
    help = "Sends what is new of the notices by mail, and what could not be sent before: for cron, where no beat runs."

    def handle(self, **options) -> None:
        send_what_is_new()
