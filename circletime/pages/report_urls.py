"""The addresses of the report and of the log."""

from django.urls import path

from circletime.pages.views import log, report

urlpatterns = [
    path("report/", report.index, name="report"),
    path("report/clauses/<str:number>/", report.clause, name="report-clause"),
    path("report/report.pdf", report.download, {"kind": "pdf"}, name="report-pdf"),
    path("report/report.csv", report.download, {"kind": "csv"}, name="report-csv"),
    path("report/check", report.check, name="report-check"),
    path("report/log/", log.index, name="log"),
    path("report/log/export", log.export, name="log-export"),
    path("report/log/verify_log.py", log.script, name="log-script"),
]
