import datetime
from decimal import Decimal

import pytest
from django import forms
from django.contrib.auth.models import Group
from django.template import Context, Template

from pages.forms import Money, PageForm
from pages.sending import as_data, refuse


class TermsForm(PageForm):
    layout = (("starts_on", Money("paid", "currency")), ("credits",), "group", "draft")

    starts_on = forms.DateField()
    paid = forms.DecimalField(max_digits=18, decimal_places=2, help_text="Per credit.")
    currency = forms.ChoiceField(choices=[("USD", "USD"), ("EUR", "EUR")])
    credits = forms.IntegerField(min_value=1)
    group = forms.ModelChoiceField(Group.objects.all(), required=False)
    draft = forms.BooleanField(required=False)


FIRST = {"starts_on": datetime.date(2026, 11, 24), "paid": Decimal("142.86"), "currency": "EUR", "credits": 7}


def rendered(form):
    return Template("{% load crispy_forms_tags %}{% crispy form %}").render(Context({"form": form}))


@pytest.mark.django_db
def test_first_values_come_back_as_a_browser_would_send_them():
    group = Group.objects.create(name="North")
    form = TermsForm(initial=FIRST | {"group": group, "draft": True})
    again = TermsForm(data=as_data(form))
    assert again.is_valid(), again.errors
    assert again.cleaned_data == FIRST | {"group": group, "draft": True}


@pytest.mark.django_db
def test_an_unticked_box_is_not_sent():
    assert "draft" not in as_data(TermsForm(initial=FIRST))


def test_a_formset_comes_back_with_its_rows():

    class Row(forms.Form):
        credits = forms.IntegerField()

    rows = forms.formset_factory(Row, extra=0)
    again = rows(data=as_data(rows(initial=[{"credits": 5}, {"credits": 6}])))
    assert again.is_valid()
    assert [row["credits"] for row in again.cleaned_data] == [5, 6]
    refuse(again, "Too many.", "form-1-credits")
    refuse(again, "Too few rows.", None)
    assert again.errors == [{}, {"credits": ["Too many."]}]
    assert again.non_form_errors() == ["Too few rows."]


@pytest.mark.django_db
def test_dates_and_numbers_are_typed_the_browsers_own_way_and_money_stands_together():
    text = rendered(TermsForm(initial=FIRST))
    assert 'type="date" name="starts_on" value="2026-11-24"' in text
    assert text.count('name="currency"') == 1
    assert text.index("input-group") < text.index('name="currency"') < text.index('name="paid"')
    assert "style=" not in text
    assert 'type="number"' not in text


@pytest.mark.django_db
def test_a_locked_field_is_text_with_its_reason_and_cannot_be_changed():
    form = TermsForm(
        data={"starts_on": "2026-11-24", "paid": "1", "currency": "USD", "credits": "999"},
        initial=FIRST,
        locked={"credits": "Fixed once out of draft."},
    )
    assert form.is_valid()
    assert form.cleaned_data["credits"] == 7
    text = rendered(form)
    assert "Fixed once out of draft." in text
    assert 'name="credits"' not in text


@pytest.mark.django_db
def test_a_refusal_of_a_field_the_form_does_not_have_stands_at_the_top():
    form = TermsForm(data={})
    refuse(form, "The period is closed.", "posting_date")
    assert form.non_field_errors() == ["The period is closed."]
