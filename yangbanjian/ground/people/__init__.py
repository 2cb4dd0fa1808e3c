"""Persons, organisations, roles, membership, sign-in, API tokens, personal data."""
