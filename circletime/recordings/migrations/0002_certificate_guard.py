"""The database itself refuses to change or drop a certificate."""

from django.db import migrations

SQLITE = [
    f"CREATE TRIGGER recordings_certificate_no_{verb.lower()} BEFORE {verb} ON recordings_certificate "
    "BEGIN SELECT RAISE(ABORT, 'a certificate is never changed'); END;"
    for verb in ("UPDATE", "DELETE")
]
POSTGRES = [
    "CREATE FUNCTION recordings_certificate_guard() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'a certificate is never changed'; END $$;",
    "CREATE TRIGGER recordings_certificate_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON recordings_certificate "
    "FOR EACH STATEMENT EXECUTE FUNCTION recordings_certificate_guard();",
]


def guard(apps, schema_editor):
    statements = POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE
    for statement in statements:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("recordings", "0001_initial")]
    operations = [migrations.RunPython(guard, migrations.RunPython.noop)]
