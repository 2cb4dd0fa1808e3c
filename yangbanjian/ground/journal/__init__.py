"""Who did what, when and why: append-only; also the outbox for higher rooms."""
