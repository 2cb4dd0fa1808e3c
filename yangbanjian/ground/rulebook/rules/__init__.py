"""Deciding about editions: shapes of tables, places, states, succession, trials. Pure."""
