"""Why a record fits a demand: words marked on both sides, numbers compared, conditions checked."""

from .giving import MAX_REASONS, reasons
from .messages import CHANGES, MESSAGES, MODE_LABELS
from .record import RecordView
from .structured import BAR_LABELS, DEFAULT_WEIGHTS, bars, is_excluded, structured_parts
from .verdicts import Change, Reading, Reason, read_record
from .words import SharedWord, shared_words

__all__ = [
    "BAR_LABELS",
    "CHANGES",
    "DEFAULT_WEIGHTS",
    "MAX_REASONS",
    "MESSAGES",
    "MODE_LABELS",
    "Change",
    "Reading",
    "Reason",
    "RecordView",
    "SharedWord",
    "bars",
    "is_excluded",
    "read_record",
    "reasons",
    "shared_words",
    "structured_parts",
]
