"""What programs of others say of what we publish."""
