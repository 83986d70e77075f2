"""The database itself refuses to change or drop a row of the log or a checkpoint, and takes a row only at its end.

SQLite's INSERT OR REPLACE drops a row without telling the triggers of UPDATE and DELETE; the order does.
"""

from django.db import migrations

SQLITE = [
    *(
        f"CREATE TRIGGER audit_row_no_{verb.lower()} BEFORE {verb} ON audit_row "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
        for verb in ("UPDATE", "DELETE")
    ),
    "CREATE TRIGGER audit_row_no_replace BEFORE INSERT ON audit_row "
    "WHEN NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM audit_row) "
    "BEGIN SELECT RAISE(ABORT, 'a row of the log is written at its end'); END;",
    *(
        f"CREATE TRIGGER audit_checkpoint_no_{verb.lower()} BEFORE {verb} ON audit_checkpoint "
        "BEGIN SELECT RAISE(ABORT, 'a checkpoint is never changed'); END;"
        for verb in ("UPDATE", "DELETE")
    ),
    "CREATE TRIGGER audit_checkpoint_no_replace BEFORE INSERT ON audit_checkpoint "
    "WHEN EXISTS (SELECT 1 FROM audit_checkpoint WHERE number = NEW.number OR id = NEW.id) "
    "BEGIN SELECT RAISE(ABORT, 'a checkpoint is never changed'); END;",
]
POSTGRES = [
    "CREATE FUNCTION audit_row_guard() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;",
    "CREATE TRIGGER audit_row_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_row "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_row_guard();",
    "CREATE TRIGGER audit_checkpoint_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_row_guard();",
    "CREATE FUNCTION audit_row_order() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM audit_row) THEN "
    "RAISE EXCEPTION 'a row of the log is written at its end'; END IF; RETURN NEW; END $$;",
    "CREATE TRIGGER audit_row_order BEFORE INSERT ON audit_row "
    "FOR EACH ROW EXECUTE FUNCTION audit_row_order();",
]


def guard(apps, schema_editor):
    statements = POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE
    for statement in statements:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(guard, migrations.RunPython.noop)]
