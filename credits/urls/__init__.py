"""Addresses of services credits, one list per noun."""

from credits.urls.accounts import urlpatterns as accounts
from credits.urls.certinia import urlpatterns as certinia
from credits.urls.corrections import urlpatterns as corrections
from credits.urls.estimates import urlpatterns as estimates
from credits.urls.milestones import urlpatterns as milestones
from credits.urls.notices import urlpatterns as notices
from credits.urls.planner import urlpatterns as planner
from credits.urls.purchases import urlpatterns as purchases
from credits.urls.settings import urlpatterns as settings
from credits.urls.why_not import urlpatterns as why_not

app_name = "credits"
urlpatterns = [
    *purchases,
    *milestones,
    *certinia,
    *why_not,
    *accounts,
    *planner,
    *settings,
    *notices,
    *corrections,
    *estimates,
]
