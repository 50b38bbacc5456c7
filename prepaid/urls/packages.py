from django.urls import path

from prepaid.views import line_packages, packages

urlpatterns = [
    path("commitment-templates/", packages.TemplateList.as_view(), name="template-list"),
    path("commitment-templates/new/", packages.TemplateNew.as_view(), name="template-new"),
    path("commitment-templates/<str:pk>/edit/", packages.TemplateEdit.as_view(), name="template-edit"),
    path("commitment-templates/<str:pk>/delete/", packages.TemplateDelete.as_view(), name="template-delete"),
    path("packages/", packages.PackageList.as_view(), name="package-list"),
    path("packages/new/", packages.PackageNew.as_view(), name="package-new"),
    path("packages/<str:pk>/", packages.PackageDetail.as_view(), name="package"),
    path("packages/<str:pk>/edit/", packages.PackageEdit.as_view(), name="package-edit"),
    path("packages/<str:pk>/delete/", packages.PackageDelete.as_view(), name="package-delete"),
    path("packages/<str:pk>/lines/new/", packages.PackageLineNew.as_view(), name="package-line-new"),
    path("package-lines/<int:pk>/edit/", packages.PackageLineEdit.as_view(), name="package-line-edit"),
    path("package-lines/<int:pk>/delete/", packages.PackageLineDelete.as_view(), name="package-line-delete"),
    path("products/<int:pk>/packages/new/", packages.ProductPackageNew.as_view(), name="product-package-new"),
    path("product-packages/<int:pk>/edit/", packages.ProductPackageEdit.as_view(), name="product-package-edit"),
    path("product-packages/<int:pk>/remove/", packages.ProductPackageRemove.as_view(), name="product-package-remove"),
    path("document-lines/<int:pk>/packages/new/", line_packages.LinePackageNew.as_view(), name="line-package-new"),
    path("line-commitments/<int:pk>/remove/", line_packages.LinePackageRemove.as_view(), name="line-package-remove"),
]
