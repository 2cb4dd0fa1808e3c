"""Pure vocabulary: money, time, moves, refusals, actor, identifiers, text. No Django, no I/O."""
