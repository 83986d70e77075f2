"""The addresses of how Circletime itself stands: a page for people, three for machines."""

from django.urls import path

from circletime.pages.views import health

urlpatterns = [
    path("well/", health.index, name="well"),
    path("healthz", health.lives, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
