"""The stand-alone verifier: `python -m verify FILE --trust KEYS.json`.

It shares no code with the platform and asks nobody: the standard library, and `cryptography` for
Ed25519. `__main__.py` is the whole of it, and works alone under any name.
"""
