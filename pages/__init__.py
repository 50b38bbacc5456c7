"""The floor under all apps: how a page is built. It imports no app of ours.

pages.views          ListPage, DetailPage, ActionPage (form, preview, doing it), FormPage (a plain form), Page
pages.elements       Action, Badge, Crumb, Figure, Tab, Total: what pages are declared with
pages.tables         Table and its columns            pages.filters   FilterSet, SearchFilter, DayRangeFilter
pages.forms          PageForm, PageModelForm, Money   pages.preview   Preview, Change, PostingLine, LeftOut, rehearse
pages.refusals       Refused: a broken business rule, as a sentence
pages.jobs           work that takes longer than a page may: done by a worker, with its progress (pages.progress)
pages.sections       how an upper app puts figures, actions and fragments on a lower app's page
pages.formats        money, number, day as plain text pages.markup    the same with their markup
{% load pages %}     the template tags and filters, listed in pages.templatetags.pages

Templates extend `pages/page.html`, `pages/detail.html`, `pages/list.html` or `pages/action.html`. What a body is made of,
without new CSS:

<section class="sheet"><h2>Terms</h2>...</section>               a card
<div class="split">...two sheets...</div>                        side by side on wide screens
<dl class="facts"><dt>Account</dt><dd>...</dd></dl>              label and value
<div class="table-frame"><table class="table rows">...</table></div>    a table; class "num" on number cells
<p class="quiet">, <div class="notice tone-warn">, {% badge "Draft" "warn" %}, {% lot_bar ... %}
{% include "pages/empty.html" with text="..." action=action %}   nothing here yet
"""
