"""Signing keys: who signs for the house, and how one key hands over to the next.

A *signer* signs bytes and may be a file, a smart card or a service; the table keeps public keys
only. A new key is endorsed by the one before, so that who trusts one can follow to the next.
Secrets are never in the database, in a log or in an answer.
"""
