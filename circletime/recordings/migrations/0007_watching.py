"""To whom a recording is open, and which of its seconds a viewing was about."""

import circletime.core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recordings', '0005_films'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='film',
            name='places',
            field=models.JSONField(default=list, help_text='How many bytes its first 1, 2, 3 … seconds are.'),
        ),
        migrations.AddField(
            model_name='viewing',
            name='played',
            field=models.JSONField(default=list, help_text='Of these, what the browser says it played.'),
        ),
        migrations.AddField(
            model_name='viewing',
            name='sent',
            field=models.JSONField(default=list, help_text='Spans of the film, in seconds, that were handed out.'),
        ),
        migrations.AddField(
            model_name='viewing',
            name='sent_at',
            field=models.DateTimeField(blank=True, help_text='When a piece was last handed out.', null=True),
        ),
        migrations.CreateModel(
            name='Opening',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=circletime.core.ids.public_id, max_length=32, unique=True)),
                ('reason', models.CharField(max_length=300)),
                ('opened_at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('recording', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='openings', to='recordings.recording')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-opened_at', '-pk'],
            },
        ),
    ]
