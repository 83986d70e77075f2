"""Adults keep their households when they may have two, and on the way back."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE, AFTER = [("people", "0003_contact_restriction")], [("people", "0004_roster_fields")]


@pytest.mark.django_db(transaction=True)
def test_adults_keep_their_households_there_and_back() -> None:
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes()
    executor.migrate(BEFORE)
    try:
        old = executor.loader.project_state(BEFORE).apps
        home = old.get_model("people", "Household").objects.create(name="Farrow")
        Adult = old.get_model("people", "Adult")
        made = Adult.objects.create(name="Ada Farrow", household=home)

        executor = MigrationExecutor(connection)
        executor.migrate(AFTER)
        new = executor.loader.project_state(AFTER).apps.get_model("people", "Adult").objects.get(pk=made.pk)
        assert [each.pk for each in new.households.all()] == [home.pk]

        executor = MigrationExecutor(connection)
        executor.migrate(BEFORE)
        assert Adult.objects.get(pk=made.pk).household_id == home.pk
        Adult.objects.all().delete()
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(latest)
