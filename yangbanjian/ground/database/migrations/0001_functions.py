from django.db import migrations

XACT = """
CREATE FUNCTION ybj_xact() RETURNS bigint LANGUAGE sql VOLATILE AS
  'SELECT pg_current_xact_id()::text::bigint';
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(XACT, "DROP FUNCTION ybj_xact();")]
