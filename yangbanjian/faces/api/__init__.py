"""REST, /api/v1."""
