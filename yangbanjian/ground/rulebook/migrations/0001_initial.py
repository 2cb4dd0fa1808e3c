import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.constraints
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Edition",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("table", models.TextField(db_column="table_name")),
                ("jurisdiction", models.TextField()),
                ("number", models.IntegerField()),
                ("document", models.TextField()),
                ("clause", models.TextField(blank=True, default="")),
                ("unit", models.TextField(blank=True, default="")),
                ("source", models.TextField(blank=True, default="")),
                ("note", models.TextField(blank=True, default="")),
                ("is_provisional", models.BooleanField(default=False)),
                ("effect", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("rows", models.JSONField()),
                ("state", models.TextField(default="draft")),
                ("version", models.IntegerField(default=1)),
                ("shipped_as", models.TextField(null=True, unique=True)),
                ("author_id", models.BigIntegerField(null=True)),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("published_by", models.BigIntegerField(null=True)),
                ("published_at", models.DateTimeField(null=True)),
                ("was_alone", models.BooleanField(default=False)),
                (
                    "superseded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="rulebook.edition",
                    ),
                ),
            ],
            options={
                "db_table": "rulebook_edition",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["draft", "published", "superseded", "withdrawn"])
                        ),
                        name="edition_state_known",
                    ),
                    models.UniqueConstraint(
                        fields=("table", "jurisdiction", "number"), name="edition_number_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effect__isempty", False), ("effect__lower_inf", False)
                        ),
                        name="edition_effect_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("document", ""), _negated=True),
                        name="edition_document_named",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["published", "superseded"]), _negated=True),
                            models.Q(
                                ("published_at__isnull", False), ("shipped_as__isnull", False)
                            ),
                            models.Q(
                                models.Q(
                                    ("author_id__isnull", False), ("published_by__isnull", False)
                                ),
                                models.Q(("published_at__isnull", False)),
                                models.Q(
                                    ("was_alone", True),
                                    models.Q(
                                        ("published_by", models.F("author_id")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="edition_second_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "superseded"), ("superseded_by__isnull", False)),
                            models.Q(
                                models.Q(("state", "superseded"), _negated=True),
                                ("superseded_by__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="edition_followed_by_one",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("state__in", ["published", "superseded"])),
                        deferrable=django.db.models.constraints.Deferrable["IMMEDIATE"],
                        expressions=[("table", "="), ("jurisdiction", "="), ("effect", "&&")],
                        name="edition_no_overlap",
                    ),
                ],
            },
        ),
    ]
