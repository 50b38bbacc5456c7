"""A plain form: for what moves neither credits nor money, so that no preview is needed.

    class AccountCreate(FormPage):
        permission_required = "opportunities.manage_customers"
        form_class = AccountForm                        # pages.forms.PageForm or PageModelForm
        title = "New account"
        submit_label = "Create account"                 # the button says what it does

        def save(self, form):                           # calls ONE service, answers with what was made or changed
            return create_account(**form.cleaned_data, actor=self.request.user)

    class AccountEdit(FormPage):
        model = Account                                 # get_object() as in a DetailView

`save` runs in a transaction. A `Refused` goes to its field, nothing is written and what was typed is kept. Sent twice,
it happens once. Where another has changed the object since the form was opened, nothing is written either: the page
says what was changed, keeps what was typed, and asks to save again. Afterwards the page of what was made is
shown, or the list `above` it.
"""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from pages import seen
from pages.refusals import Refused
from pages.sending import refuse
from pages.signing import reason_in, sign
from pages.views.form_base import FormBase


class FormPage(FormBase):
    template_name = "pages/form.html"
    submit_label = "Save"
    success_message = "Saved."

    def save(self, form: Any) -> Any:
        raise NotImplementedError

    def get_success_url(self, saved: Any) -> str:
        return self.page_of(saved)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        return self.show(self.get_form(), seen=self.state())

    def answer(self, form: Any) -> HttpResponse:
        more: dict[str, Any] = {"seen": self.request.POST.get("seen", "")}
        try:
            if form.is_valid():
                return self.carry_out(form)
        except Refused as refused:
            refuse(form, refused.message, refused.field)
        except seen.ChangedMeanwhile as changed:
            more = {"seen": self.state(), "changed": changed.differences}
        self.object = self.get_object()
        return self.show(form, **more)

    @transaction.atomic
    def carry_out(self, form: Any) -> HttpResponse:
        submission = self.submission()
        if not submission.url:
            self.refuse_if_changed()
            sign(self.request.user, self.get_title(), reason=reason_in(form))
            submission.lead_to(self.get_success_url(self.save(form)))
            messages.success(self.request, self.success_message)
        return HttpResponseRedirect(submission.url)

    def state(self) -> str:
        """What the form shows of its object now; nothing of one that is to be made."""
        if self.object is None:
            return ""
        self.object = self.get_object()  # a bound form has put what was typed into the one before
        return seen.packed(seen.values_of(self.get_form()))

    def refuse_if_changed(self) -> None:
        before = self.request.POST.get("seen", "")
        if self.object is None or not before:
            return
        seen.take_turn(f"{self.object._meta.label}:{self.object.pk or self.request.get_full_path()}")
        if changed := seen.differences(seen.unpacked(before), seen.unpacked(self.state())):
            raise seen.ChangedMeanwhile(changed)
