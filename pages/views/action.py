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
"""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.generic import TemplateView
from django.views.generic.detail import SingleObjectMixin

from pages import receipts
from pages.forms import PageForm, as_data, refuse
from pages.models import Submission
from pages.preview import Preview, rehearse
from pages.refusals import Refused
from pages.views.page import Page


class Stale(Exception):
    """The result is not what the person saw."""

    def __init__(self, preview: Preview) -> None:
        self.preview = preview


class ActionPage(Page, SingleObjectMixin, TemplateView):
    template_name = "pages/action.html"
    form_class: type = PageForm
    success_message = "Done."
    wide = False

    def run(self, form: Any) -> Preview:
        raise NotImplementedError

    def get_success_url(self) -> str:
        return self.object.get_absolute_url()

    def get_success_message(self, preview: Preview) -> str:
        return self.success_message

    def get_initial(self) -> dict[str, Any]:
        return {}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {}

    def get_form(self, data: Any = None) -> Any:
        return self.form_class(data=data, initial=self.get_initial(), **self.get_form_kwargs())

    def get_object(self, queryset: Any = None) -> Any:
        return super().get_object(queryset) if self.model or self.queryset is not None else None

    def get_cancel_url(self) -> str:
        return self.object.get_absolute_url() if self.object else "."

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        probe = self.get_form(as_data(self.get_form()))
        panel = self.rehearsed(probe) if probe.is_valid() else {"waiting": True}
        return self.show(self.get_form(), **panel)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        form = self.get_form(request.POST)
        if request.htmx:
            return self.preview(form)
        return self.confirm(form) if form.is_valid() else self.show(form, waiting=True)

    def preview(self, form: Any) -> HttpResponse:
        """The panel alone, after a change in the form."""
        panel = self.rehearsed(form) if form.is_valid() else {"waiting": True, "problems": form}
        return self.show(form, "pages/preview_panel.html", **panel)

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
            with transaction.atomic():
                return self.carry_out(form, seen)
        except Stale as stale:
            self.object = self.get_object()
            return self.show(form, preview=stale.preview, stale=bool(seen), seen=frozenset(seen.split("-")))
        except Refused as refused:
            self.object = self.get_object()
            refuse(form, refused.message, refused.field)
            return self.show(form, waiting=True)

    def carry_out(self, form: Any, seen: str) -> HttpResponse:
        submission, first = Submission.objects.get_or_create(user=self.request.user, token=self.token())
        if not first:
            messages.info(self.request, "This was already done when the form arrived a second time.")
            return HttpResponseRedirect(submission.url)
        preview = self.run(form)
        if preview.fingerprint != seen:
            raise Stale(preview)
        submission.url = self.get_success_url()
        submission.save(update_fields=["url"])
        messages.success(self.request, self.get_success_message(preview))
        receipts.keep(self.request, preview)
        return HttpResponseRedirect(submission.url)

    def token(self) -> uuid.UUID:
        """The form's own; one that cannot be read is as good as a new one."""
        return forms.UUIDField(required=False).clean(self.request.POST.get("token", "")) or uuid.uuid4()

    def show(self, form: Any, template: str = "", **panel: Any) -> HttpResponse:
        token = self.request.POST.get("token") or uuid.uuid4()
        context = self.get_context_data(form=form, token=token, wide=self.wide, **panel)
        return self.response_class(self.request, template or self.get_template_names(), context)
