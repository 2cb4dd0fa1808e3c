"""Measured tables: each module measures one thing, prints it, and can print it as JSON."""
