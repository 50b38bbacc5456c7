"""Addresses of services credits, one list per noun."""

from credits.urls_milestones import urlpatterns as milestones
from credits.urls_purchases import urlpatterns as purchases

app_name = "credits"
urlpatterns = [*purchases, *milestones]
