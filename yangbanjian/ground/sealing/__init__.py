"""Sealing something so that nobody can read it before several people open it together.

Words: what is *sealed* is encrypted to a public key (HPKE, RFC 9180); the private key is *shared*
among holders, of whom so many must come together (Shamir). Knows no business word: what is inside,
what it is bound to and when it may be opened is said upstairs. `rules` is pure, its randomness an
argument, so that the RFC's vectors can be asked of it; `fresh` draws it from the machine.
"""
