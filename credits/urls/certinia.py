from django.urls import path

from credits.views import certinia

urlpatterns = [
    path("import/", certinia.CertiniaImport.as_view(), name="certinia-import"),
    path("import/<int:pk>/", certinia.CertiniaReview.as_view(), name="certinia-import-review"),
    path("export/", certinia.CertiniaExport.as_view(), name="certinia-export"),
]
