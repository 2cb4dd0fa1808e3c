"""Who may bring in statements and match them: whoever keeps the books. Who may see them: whoever
reads the books."""

from __future__ import annotations

from yangbanjian.ground.ledger.policy import may_keep_books, may_read_books

__all__ = ["may_keep_books", "may_read_books"]
