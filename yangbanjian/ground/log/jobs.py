"""The log's regular work."""

from __future__ import annotations

from datetime import datetime

from yangbanjian.ground.clock.jobs import due
from yangbanjian.ground.log import actions
from yangbanjian.kernel.actor import SYSTEM


@due("log.anchors")
def anchor(_now: datetime) -> int:
    """Heads go outside once a day, by recorded time: a sandbox clock cannot make them older."""
    return actions.anchor_if_due(actor=SYSTEM)
