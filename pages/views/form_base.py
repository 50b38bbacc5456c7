"""What the two kinds of page with a form have in common: the form, the object it is about, and the token.

`above = ("Accounts", "opportunities:account-list")` names the list that the form stands below: it begins the breadcrumb,
and cancelling or saving leads to it where there is no page of one object to lead to.
"""

import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.generic import TemplateView
from django.views.generic.detail import SingleObjectMixin

from pages.elements import Crumb
from pages.forms import PageForm
from pages.models import Submission
from pages.views.page import Page


class FormBase(Page, SingleObjectMixin, TemplateView):
    form_class: type = PageForm
    object: Any = None
    above: tuple[str, str] | None = None

    def get_object(self, queryset: Any = None) -> Any:
        return super().get_object(queryset) if self.model or self.queryset is not None else None

    def get_initial(self) -> dict[str, Any]:
        return {}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {}

    def get_form(self, data: Any = None) -> Any:
        return self.form_class(data=data, initial=self.get_initial(), **self.get_form_kwargs())

    def get_breadcrumb(self) -> list[Crumb]:
        listed = [Crumb(self.above[0], reverse(self.above[1]))] if self.above else []
        own = hasattr(self.object, "get_absolute_url")
        return [*listed, Crumb(str(self.object), self.object.get_absolute_url())] if own else listed

    def get_cancel_url(self) -> str:
        return self.page_of(self.object)

    def page_of(self, thing: Any) -> str:
        """Its own page, or else the list."""
        if hasattr(thing, "get_absolute_url"):
            return thing.get_absolute_url()
        return reverse(self.above[1]) if self.above else "/"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sent twice, the second is led to the result of the first, even where that took away what the form is about."""
        if not request.htmx and (done := self.finished_submission()):  # type: ignore[attr-defined]
            return HttpResponseRedirect(done.url)
        self.object = self.get_object()
        return self.answer(self.get_form(request.POST))

    def answer(self, form: Any) -> HttpResponse:
        raise NotImplementedError

    def finished_submission(self) -> Submission | None:
        """An earlier sending of the same form that was carried out."""
        return Submission.objects.filter(user=self.request.user, token=self.token()).exclude(url="").first()

    def submission(self) -> Submission:
        """The form's own row. One that already leads somewhere says that the form was sent before."""
        return Submission.objects.get_or_create(user=self.request.user, token=self.token())[0]

    def token(self) -> uuid.UUID:
        """What cannot be read is as good as a new one."""
        try:
            return forms.UUIDField().clean(self.request.POST.get("token"))
        except forms.ValidationError:
            return uuid.uuid4()

    def show(self, form: Any, template: str = "", **more: Any) -> HttpResponse:
        context = self.get_context_data(form=form, token=self.token(), **more)
        return self.response_class(self.request, [template] if template else self.get_template_names(), context)
