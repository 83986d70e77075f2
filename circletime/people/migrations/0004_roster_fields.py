"""Leavers, closed classes, the school's own names for people, and adults of two households."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def into_many(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Each adult keeps their household, now as the first of perhaps two."""
    adults = apps.get_model("people", "Adult")
    through = adults.households.through
    rows = adults.objects.values_list("pk", "household_id").iterator()
    through.objects.bulk_create(
        (through(adult_id=adult, household_id=household) for adult, household in rows), batch_size=500
    )


def into_one(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Back again, to the household an adult had first."""
    adults = apps.get_model("people", "Adult")
    first = adults.households.through.objects.filter(adult_id=models.OuterRef("pk")).order_by("pk")
    adults.objects.update(household_id=models.Subquery(first.values("household_id")[:1]))


def source_id() -> models.CharField:
    return models.CharField(blank=True, db_index=True, default="", max_length=255)


def one_per(model: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        condition=~models.Q(source_id=""), fields=["source_id"], name=f"one_{model}_per_source_id"
    )


class Migration(migrations.Migration):
    dependencies = [("people", "0003_contact_restriction")]

    operations = [
        *(
            migrations.AddField(model, "source_id", source_id())
            for model in ("adult", "pupil", "schoolclass", "user")
        ),
        migrations.AddField(
            "adult",
            "left_at",
            models.DateTimeField(
                blank=True, help_text="The school's own system does not know them any more.", null=True
            ),
        ),
        migrations.AddField(
            "pupil",
            "left_at",
            models.DateTimeField(
                blank=True, help_text="A leaver is expected nowhere; what was recorded stays.", null=True
            ),
        ),
        migrations.AddField(
            "schoolclass",
            "closed_at",
            models.DateTimeField(
                blank=True,
                help_text="From then on its ID opens nothing and nobody may plan for it.",
                null=True,
            ),
        ),
        migrations.AlterField("schoolclass", "name", models.CharField(max_length=60)),
        migrations.RemoveConstraint("pupil", "labels_differ_in_a_class"),
        migrations.AddConstraint(
            "pupil",
            models.UniqueConstraint(
                condition=models.Q(left_at=None),
                fields=["school_class", "first_name", "mark"],
                name="labels_differ_in_a_class",
            ),
        ),
        migrations.AddConstraint(
            "schoolclass",
            models.UniqueConstraint(
                condition=models.Q(closed_at=None), fields=["name"], name="names_of_open_classes_differ"
            ),
        ),
        *(
            migrations.AddConstraint(model, one_per(name))
            for model, name in (
                ("adult", "adult"), ("pupil", "pupil"), ("schoolclass", "class"), ("user", "account"),
            )
        ),
        migrations.AddField(
            "adult", "households", models.ManyToManyField(related_name="adults", to="people.household")
        ),
        # So that the way back may fill the column before it is needed again.
        migrations.AlterField(
            "adult",
            "household",
            models.ForeignKey(null=True, on_delete=models.CASCADE, to="people.household"),
        ),
        migrations.RunPython(into_many, into_one),
        migrations.RemoveField("adult", "household"),
    ]
