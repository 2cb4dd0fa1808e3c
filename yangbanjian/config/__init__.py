"""Settings and URLs, above all floors."""
