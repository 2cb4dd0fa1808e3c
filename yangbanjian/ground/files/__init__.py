"""Content-addressed attachments with caps and checks."""
