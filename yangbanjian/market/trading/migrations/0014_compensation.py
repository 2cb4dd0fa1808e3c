from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("trading", "0013_royalties_undone")]
    operations = [
        migrations.RemoveConstraint("payout", "payout_kind_known"),
        migrations.AddConstraint(
            "payout",
            models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["proceeds", "commission", "royalty", "compensation"])
                ),
                name="payout_kind_known",
            ),
        ),
    ]
