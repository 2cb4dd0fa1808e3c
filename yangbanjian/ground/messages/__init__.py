"""Inbox and e-mail; what each person wants to be told."""
