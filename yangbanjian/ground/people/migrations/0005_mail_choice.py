from django.db import migrations

# Two boxes that nothing followed become one choice; who had both empty is sent nothing.
FORWARDS = """
UPDATE people_person SET preferences = (preferences - 'notices') || jsonb_build_object('mail', CASE
  WHEN preferences->'notices'->>'email' = 'true' OR preferences->'notices'->>'digest' = 'true'
  THEN 'daily' ELSE 'nothing' END)
WHERE preferences ? 'notices';
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0004_email_change")]
    operations = [migrations.RunSQL(FORWARDS, migrations.RunSQL.noop)]
