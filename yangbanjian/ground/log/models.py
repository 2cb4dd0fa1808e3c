"""The tree as it is kept: leaves, full subtrees, signed heads, anchors. Rows are only ever added;
triggers and rights refuse the rest."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.keys.models import Key


class Log(models.Model):
    """The log's name, which never changes."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    origin = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "log_log"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="log_is_one"),
            models.CheckConstraint(
                condition=Q(origin__regex=r"^[^\s+]+$"), name="log_origin_has_no_space"
            ),
        ]


class Leaf(models.Model):
    """An entry's place in the tree, counted from 0 without a gap."""

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="leaf")
    leaf_hash = models.BinaryField()

    class Meta:
        db_table = "log_leaf"
        constraints = [
            models.CheckConstraint(condition=Q(position__gte=0), name="leaf_position_from_0"),
        ]


class Subtree(models.Model):
    """The hash over 256 ** level leaves, from level 1 on."""

    id = models.BigAutoField(primary_key=True)
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        db_table = "log_subtree"
        constraints = [
            models.UniqueConstraint(fields=["level", "index"], name="subtree_once"),
            models.CheckConstraint(condition=Q(level__gte=1), name="subtree_above_leaves"),
        ]


class Checkpoint(models.Model):
    """A signed head, numbered from 1 without a gap, so that none can be taken away unseen. `at` is
    recorded time. Entries of transactions below `xact` all stand in the tree."""

    id = models.BigAutoField(primary_key=True)
    number = models.BigIntegerField(unique=True)
    size = models.BigIntegerField()
    root = models.BinaryField()
    key = models.ForeignKey(Key, models.PROTECT, related_name="+")
    note = models.TextField()
    at = models.DateTimeField()
    xact = models.BigIntegerField()

    class Meta:
        db_table = "log_checkpoint"
        constraints = [
            models.UniqueConstraint(fields=["size", "key"], name="checkpoint_once"),
        ]


class Anchor(models.Model):
    """A checkpoint that was put outside, or (with `failure`) the try to."""

    id = models.BigAutoField(primary_key=True)
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="anchors")
    kind = models.TextField()
    place = models.TextField()
    at = models.DateTimeField()
    failure = models.TextField(default="")

    class Meta:
        db_table = "log_anchor"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["file", "mail"]), name="anchor_kind_known"
            ),
            models.UniqueConstraint(
                fields=["checkpoint", "kind", "place"], condition=Q(failure=""), name="anchor_once"
            ),
        ]
