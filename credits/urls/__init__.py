"""Addresses of services credits, one list per noun."""

from credits.urls.certinia import urlpatterns as certinia
from credits.urls.milestones import urlpatterns as milestones
from credits.urls.purchases import urlpatterns as purchases

app_name = "credits"
urlpatterns = [*purchases, *milestones, *certinia]
