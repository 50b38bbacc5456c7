"""The kinds of page. Each module says at its top how to declare one.

ListPage     rows with filters, totals, sort and export         pages/views/list.py
DetailPage   one record with figures, actions and tabs          pages/views/detail.py
FormPage     a plain form, for what moves no credits         pages/views/form.py
ActionPage   a form, what it will do, and doing it              pages/views/action.py
UploadPage   takes a file and keeps it                          pages/views/upload.py
ReviewPage   what the file would do, and doing it               pages/views/upload.py
"""

from pages.views.action import ActionPage
from pages.views.detail import DetailPage
from pages.views.form import FormPage
from pages.views.list import ListPage
from pages.views.page import Allowed, Page
from pages.views.upload import ReviewPage, UploadPage

__all__ = ["ActionPage", "Allowed", "DetailPage", "FormPage", "ListPage", "Page", "ReviewPage", "UploadPage"]
