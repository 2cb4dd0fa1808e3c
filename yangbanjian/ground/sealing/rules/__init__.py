"""Encryption and sharing as functions of their arguments, randomness among them."""
