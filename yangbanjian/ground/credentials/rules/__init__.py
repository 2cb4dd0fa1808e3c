"""Decide: canonical JSON and proofs, status bits, what a credential says, and its code to scan."""
