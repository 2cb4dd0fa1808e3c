import django.db.models.deletion
from django.db import migrations, models

from yangbanjian.ground.database.walls import SYSTEM, no_wall, wall


class Migration(migrations.Migration):
    dependencies = [("trading", "0011_turns")]
    operations = [
        migrations.CreateModel(
            name="Stuck",
            fields=[
                (
                    "lot",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="stuck",
                        serialize=False,
                        to="trading.lot",
                    ),
                ),
                ("what", models.TextField()),
                ("tries", models.IntegerField(default=1)),
                ("since", models.DateTimeField()),
                ("next_at", models.DateTimeField()),
                ("error", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "trading_stuck",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("what__in", ["close", "decide"])),
                        name="stuck_what_known",
                    )
                ],
            },
        ),
        # The worker's own: what went wrong may quote what is sealed.
        migrations.RunSQL(
            wall("trading_stuck", read=SYSTEM, write=SYSTEM), no_wall("trading_stuck")
        ),
    ]
