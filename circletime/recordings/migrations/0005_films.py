"""Films become rows of their own, since a recording may have several."""

import circletime.core.ids
import django.db.models.deletion
from django.db import migrations, models

CHOICES = [
    ("waiting", "The film waits to be made"),
    ("making", "The film is being made"),
    ("ready", "Ready to watch"),
    ("failed", "The film could not be made"),
]
KINDS = [
    ("whole", "Everybody"),
    ("person", "One person, with everybody's sound"),
    ("redacted", "Only those it is meant to show"),
]
OLD_STEM = "film"


def carry_over(apps, schema_editor):
    """A film that is there keeps the names its files are bound to; what was being made is begun anew."""
    Film = apps.get_model("recordings", "Film")
    for recording in apps.get_model("recordings", "Recording").objects.exclude(film_state="none"):
        ready = recording.film_state == "ready"
        failed = recording.film_state == "failed"
        Film.objects.create(
            public_id=circletime.core.ids.public_id(),
            recording=recording,
            kind="whole",
            stem=OLD_STEM if ready else "",
            state=recording.film_state if ready or failed else "waiting",
            percent=100 if ready else 0,
            tries=recording.film_tries if failed else 0,
            trouble=recording.trouble if failed else "",
            asked_by="system:worker",
            asked_at=recording.stopped_at or recording.made_at,
            made_at=recording.stopped_at if ready else None,
        )


class Migration(migrations.Migration):
    dependencies = [("recordings", "0004_certificate_guard")]

    operations = [
        migrations.CreateModel(
            name="Film",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.CharField(default=circletime.core.ids.public_id, max_length=32, unique=True)),
                ("kind", models.CharField(choices=KINDS, max_length=10)),
                ("cut", models.JSONField(default=dict, help_text="What it leaves out; empty when all is shown.")),
                ("stem", models.CharField(blank=True, help_text="What old files' names begin with.", max_length=20)),
                ("state", models.CharField(choices=CHOICES, default="waiting", max_length=10)),
                ("percent", models.PositiveSmallIntegerField(default=0)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("trouble", models.CharField(blank=True, max_length=300)),
                ("asked_by", models.CharField(help_text="As the audit log names them.", max_length=64)),
                ("asked_at", models.DateTimeField()),
                ("made_at", models.DateTimeField(blank=True, null=True)),
                (
                    "recording",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="films", to="recordings.recording"
                    ),
                ),
            ],
            options={"ordering": ["asked_at", "pk"]},
        ),
        migrations.AddConstraint(
            model_name="film",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "whole")), fields=("recording",), name="one_whole_film"
            ),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveField(model_name="recording", name="film_claimed_until"),
        migrations.RemoveField(model_name="recording", name="film_percent"),
        migrations.RemoveField(model_name="recording", name="film_state"),
        migrations.RemoveField(model_name="recording", name="film_tries"),
    ]
