from django.urls import path

from credits.views import notices

urlpatterns = [
    path("notices/", notices.NoticeList.as_view(), name="notice-list"),
    path("notices/mails/", notices.NoticeMailList.as_view(), name="notice-mail-list"),
    path("notices/mails/<int:pk>/", notices.NoticeMailPage.as_view(), name="notice-mail"),
]
