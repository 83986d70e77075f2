"""The addresses of the policies; a document's file is also fetched by families, who do not sign in."""

from django.urls import path

from circletime.pages.views import policies, policy_desk, policy_limits, policy_readers, policy_review

_ONE = "policies/<str:kind>/"

urlpatterns = [
    path("policies/", policies.index, name="policies"),
    path("policies/limits", policy_limits.show, name="policy-limits"),
    path(_ONE, policies.show, name="policy"),
    path(f"{_ONE}acknowledge", policies.acknowledge, name="policy-acknowledge"),
    path(f"{_ONE}versions/<int:number>", policies.older, name="policy-version"),
    path(f"{_ONE}edit", policy_desk.edit, name="policy-edit"),
    path(f"{_ONE}drop", policy_desk.drop, name="policy-drop"),
    path(f"{_ONE}publish", policy_desk.publishing, name="policy-publish"),
    path(f"{_ONE}readers", policy_readers.index, name="policy-readers"),
    path(f"{_ONE}readers.csv", policy_readers.as_csv, name="policy-readers-csv"),
    path(f"{_ONE}readers/paper", policy_readers.paper, name="policy-paper"),
    path(f"{_ONE}readers/remind", policy_readers.remind, name="policy-remind"),
    path(f"{_ONE}readers/progress", policy_readers.progress, name="policy-progress"),
    path(f"{_ONE}review", policy_review.show, name="policy-review"),
    path(f"{_ONE}review.pdf", policy_review.as_pdf, name="policy-review-pdf"),
    path(f"{_ONE}adopt", policy_review.adoption, name="policy-adopt"),
    path("documents/<str:public_id>-<str:language>.pdf", policies.file, name="document-file"),
]
