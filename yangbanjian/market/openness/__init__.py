"""What the floor does, told to everybody in a form that other programs know: OCDS 1.1.5.

Promises: every public step of a sale is one small dated *release* that never changes; each is written
at least once asked for and once only; a *record* is computed from them by the standard's own rules of
merging; until a lot is over its bidders are plates, and afterwards only the winner has a name; what a
sandbox makes says so. Risk indicators are pure rules over facts, each with its ground and threshold
as data; what concerns persons is for operators and auditors alone.

Words: a *release* tells one step, a *record* all of one process, an *ocid* names the process: one a
listing. The standard speaks of buying: its buyer is our seller (docs/algorithms/openness.md). Leans
on trading and certificates for what was done, on the journal for when.
"""
