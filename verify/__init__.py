"""The stand-alone verifier: `python -m verify FILE --trust KEYS.json`.

It shares no code with the platform and asks nobody: the standard library, and `cryptography` for
Ed25519. To be read in this order: `verdicts.py` what can come out, `canonical_json.py`, `shapes.py`,
`tree.py`, `heads.py`, `trust.py`; on these stand `packets.py` (what the log hands out),
`certificates.py` with `codes.py`, and `vouching.py` with `auction.py` and `lot_log.py` (the log of a
lot, recounted). `__main__.py` finds out what a file is and prints the verdict. All of them can be
handed out as one file that works alone under any name, so no name stands in two of them.
"""
