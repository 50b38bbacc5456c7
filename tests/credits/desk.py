"""A browser's side of a page with a form: what it shows is sent back as it came, but for what is changed."""

import re
from html import unescape
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

from pages.sending import as_data

VIEWS = ("credits.view_purchase", "credits.view_consumption", "credits.view_allocation", "ledger.view_journalentry")
STAFF = (*VIEWS, "credits.manage_purchases", "credits.expire_purchases", "opportunities.view_opportunity",
         "opportunities.view_account")  # fmt: skip
FOLLOWING = (*VIEWS, "credits.view_milestone", "opportunities.view_account", "opportunities.view_project")
DELIVERING = (*FOLLOWING, "credits.allocate_credits", "credits.manage_milestones")


def sign_in(client: Client, *permissions: str, name: str = "dana") -> User:
    user, _ = User.objects.get_or_create(username=name)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client.force_login(user)
    return user


class Page:
    """A page with a form, opened; `send` fills it in, looks at the panel and confirms what it says."""

    def __init__(self, client: Client, url: str) -> None:
        self.client, self.url = client, url
        self.shown = client.get(url)
        assert self.shown.status_code == 200, self.shown.status_code
        sent = as_data(self.shown.context["form"]) | {"token": str(self.shown.context["token"])}
        self.data = {name: "" if value is None else value for name, value in sent.items()}

    def fill(self, **changes: Any) -> "Page":
        """None takes a tick away, or empties a field."""
        for name, value in changes.items():
            self.data.pop(name, None)
            if value is not None:
                self.data[name] = value
        return self

    def look(self) -> Any:
        """The panel, as htmx asks for it after a change."""
        return self.client.post(self.url, self.data, headers={"HX-Request": "true"})

    def preview(self) -> Any:
        return self.look().context["preview"]

    def confirm(self) -> Any:
        """Sends the form with the panel that is shown for it."""
        panel = self.look().context.get("preview")
        return self.client.post(self.url, self.data | {"fingerprint": panel.fingerprint if panel else ""})


def errors(response: Any) -> dict[str, list[str]]:
    """The sentences at the fields of a form that was refused; at the top: under an empty name."""
    form = response.context["form"]
    if not hasattr(form, "forms"):
        return {name.replace("__all__", ""): list(found) for name, found in form.errors.items()}
    found = {each.add_prefix(name): list(texts) for each in form.forms for name, texts in each.errors.items()}
    return found | ({"": list(form.non_form_errors())} if form.non_form_errors() else {})


def text(response: Any) -> str:
    """What is read on the page."""
    html = b"".join(response.streaming_content) if response.streaming else response.content
    plain = re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]+>", " ", html.decode(), flags=re.S)
    return re.sub(r"\s+", " ", unescape(plain))
