"""The database itself refuses to change or drop a row of the log."""

from django.db import migrations

SQLITE = [
    f"CREATE TRIGGER audit_row_no_{verb.lower()} BEFORE {verb} ON audit_row "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
    for verb in ("UPDATE", "DELETE")
]
POSTGRES = [
    "CREATE FUNCTION audit_row_guard() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;",
    "CREATE TRIGGER audit_row_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_row "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_row_guard();",
]


def guard(apps, schema_editor):
    statements = POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE
    for statement in statements:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(guard, migrations.RunPython.noop)]
