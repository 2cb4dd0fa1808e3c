"""Database roles, and the one wrapper that opens each transaction."""
