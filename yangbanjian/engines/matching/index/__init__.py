"""The index on this machine: words in segments, meaning in rows, both mapped from YBJ_HOME/index.

A cache: the database is the record, everything here can be thrown away and built again. Say
``MatchIndex.open(folder)``, tell it what changed with ``refresh``, ask it with ``search``.
"""

from yangbanjian.engines.matching.index.library import Change, Found, Hit, MatchIndex
from yangbanjian.engines.matching.index.vectors import VectorStore, content_key

__all__ = ["Change", "Found", "Hit", "MatchIndex", "VectorStore", "content_key"]
