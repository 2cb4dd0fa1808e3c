"""The stand-alone verifier: `python -m verify FILE --trust KEYS.json`.

It shares no code with the platform and asks nobody: the standard library, and `cryptography` for
Ed25519. `__main__.py` reads and judges files; what is long has modules of its own. All of them can
be handed out as one file that works alone under any name, so no name stands in two of them.
"""
