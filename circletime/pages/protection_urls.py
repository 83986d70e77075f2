"""The addresses of data protection: the record, and one person's export and erasure."""

from django.urls import path

from circletime.pages.views import protection

urlpatterns = [
    path("protection/", protection.index, name="protection"),
    path("protection/record.pdf", protection.record_pdf, name="protection-pdf"),
    path("protection/<slug:sort>/<int:pk>/", protection.person, name="protection-person"),
    path("protection/<slug:sort>/<int:pk>/export", protection.export, name="protection-export"),
]
