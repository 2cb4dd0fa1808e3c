"""Who may change keys: whoever sits at the machine, and nobody over the network."""

from __future__ import annotations

from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.answers import YES, Answer
from yangbanjian.kernel.words import gettext_noop


def may_rotate(actor: Actor) -> Answer:
    """Keys are changed by the `ybj` command and by the house's own work."""
    if actor.is_system:
        return YES
    return Answer(
        False, "keys.only_at_the_machine", gettext_noop("密钥只能在服务器上用 ybj 命令更换。")
    )
