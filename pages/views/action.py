"""A form, what it will do, and doing it: the pattern of everything that moves credits or money.

    class AllocateView(ActionPage):
        permission_required = "credits.allocate"
        form_class = AllocateForm                      # pages.forms.PageForm, or a formset
        model = Milestone                              # get_object() as in a DetailView; leave out when there is none
        title = "Manage services credits"

        def get_initial(self): return {"credits": self.object.needed}
        def get_form_kwargs(self): return super().get_form_kwargs() | {"milestone": self.object}

        def run(self, form) -> Preview:                # calls ONE service and describes its result
            allocation = allocate(self.object, actor=self.request.user, on=form.cleaned_data["on"])
            return describe(allocation)

        def get_success_url(self): return self.object.get_absolute_url()
        def get_success_message(self, preview): return "40 credits are allocated."

`run` is the preview and the action: for the preview it is taken back. What it describes is compared with what the
person saw; if it differs, nothing is written and the panel is shown anew with the differences marked. A `Refused` goes
to its field and keeps what was typed. Sent twice, it happens once. Without `form_class` only the confirmation is asked.
Where more than the panel follows what is typed, `panel_template_name` includes the panel and the other parts, each with
`{% if oob %}hx-swap-oob="true"{% endif %}`, and `panel_context(form)` gives what they show, on the whole page as well.
"""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from pages import receipts
from pages.preview import Preview, rehearse
from pages.refusals import Refused
from pages.sending import as_data, refuse
from pages.signing import reason_in, sign
from pages.views.form_base import FormBase


class Stale(Exception):
    """The result is not what the person saw."""

    def __init__(self, preview: Preview) -> None:
        self.preview = preview


class ActionPage(FormBase):
    template_name = "pages/action.html"
    success_message = "Done."
    panel_template_name = "pages/preview_panel.html"  # may bring more than the panel, out of band
    wide = False  # the form over the whole width, with the panel below it

    def run(self, form: Any) -> Preview:
        raise NotImplementedError

    def panel_context(self, form: Any) -> dict[str, Any]:
        return {}

    def get_success_url(self) -> str:
        return self.page_of(self.object)

    def get_success_message(self, preview: Preview) -> str:
        return self.success_message

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        probe = self.get_form(as_data(self.get_form()))
        panel = self.rehearsed(probe) if probe.is_valid() else {"waiting": True}
        return self.show(self.get_form(), **panel)

    def answer(self, form: Any) -> HttpResponse:
        if self.request.htmx:
            return self.preview(form)
        return self.confirm(form) if form.is_valid() else self.show(form, waiting=True)

    def preview(self, form: Any) -> HttpResponse:
        """The panel alone, after a change in the form."""
        panel: dict[str, Any] = {"waiting": True, "problems": form}
        if form.is_valid():
            panel = self.rehearsed(form)
        return self.show(form, template=self.panel_template_name, oob=True, **panel)

    def show(self, form: Any, template: str = "", **more: Any) -> HttpResponse:
        return super().show(form, template, **self.panel_context(form), **more)

    def rehearsed(self, form: Any) -> dict[str, Any]:
        try:
            return {"preview": rehearse(lambda: self.run(form))}
        except Refused as refused:
            return {"refused": refused}
        finally:
            self.object = self.get_object()  # the rehearsal changed it, and its roll-back did not change it back

    def confirm(self, form: Any) -> HttpResponse:
        seen = self.request.POST.get("fingerprint", "")
        try:
            return self.carry_out(form, seen)
        except Stale as stale:
            panel: dict[str, Any] = {"preview": stale.preview, "stale": bool(seen), "seen": frozenset(seen.split("-"))}
        except Refused as refused:
            panel = self.refused(form, refused)
        self.object = self.get_object()
        return self.show(form, **panel)

    def refused(self, form: Any, refused: Refused) -> dict[str, Any]:
        """A refusal of what was confirmed stands at its field, and the panel waits."""
        refuse(form, refused.message, refused.field)
        return {"waiting": True}

    @transaction.atomic
    def carry_out(self, form: Any, seen: str) -> HttpResponse:
        submission = self.submission()
        if submission.url:
            return HttpResponseRedirect(submission.url)
        sign(self.request.user, self.get_title(), reason=reason_in(form))
        preview = self.run(form)
        if preview.fingerprint != seen:
            raise Stale(preview)
        submission.lead_to(self.get_success_url())
        messages.success(self.request, self.get_success_message(preview))
        receipts.keep(self.request, preview)
        return HttpResponseRedirect(submission.url)
