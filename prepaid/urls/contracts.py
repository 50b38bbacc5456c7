from django.urls import path

from prepaid.views import commitments, contracts, objects

urlpatterns = [
    path("service-objects/", objects.ObjectList.as_view(), name="service-object-list"),
    path("service-objects/new/", objects.ObjectNew.as_view(), name="service-object-new"),
    path("service-objects/<int:pk>/", objects.ObjectDetail.as_view(), name="service-object"),
    path("service-objects/<int:pk>/edit/", objects.ObjectEdit.as_view(), name="service-object-edit"),
    path("service-objects/<int:pk>/commitments/new/", commitments.CommitmentNew.as_view(), name="commitment-new"),
    path("commitments/", commitments.CommitmentList.as_view(), name="commitment-list"),
    path("commitments/<int:pk>/", commitments.CommitmentDetail.as_view(), name="commitment"),
    path("commitments/<int:pk>/edit/", commitments.CommitmentEdit.as_view(), name="commitment-edit"),
    path("commitments/<int:pk>/price/", commitments.CommitmentPrice.as_view(), name="commitment-price"),
    path("commitments/<int:pk>/cancel/", commitments.CommitmentCancel.as_view(), name="commitment-cancel"),
    path("commitments/<int:pk>/withdraw/", commitments.CommitmentWithdraw.as_view(), name="commitment-withdraw"),
    path("commitments/<int:pk>/assign/", commitments.CommitmentAssign.as_view(), name="commitment-assign"),
    path("commitments/<int:pk>/take-out/", commitments.CommitmentTakeOut.as_view(), name="commitment-take-out"),
    path("contracts/", contracts.ContractList.as_view(), name="contract-list"),
    path("contracts/new/", contracts.ContractNew.as_view(), name="contract-new"),
    path("contracts/<int:pk>/", contracts.ContractDetail.as_view(), name="contract"),
    path("contracts/<int:pk>/edit/", contracts.ContractEdit.as_view(), name="contract-edit"),
    path("contracts/<int:pk>/assign/", contracts.ContractAssign.as_view(), name="contract-assign"),
    path("contracts/<int:pk>/close/", contracts.ContractClose.as_view(), name="contract-close"),
    path("contracts/<int:pk>/reopen/", contracts.ContractReopen.as_view(), name="contract-reopen"),
]
