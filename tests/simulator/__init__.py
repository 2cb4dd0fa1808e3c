"""A whole market's books and log in one process: seeded, with a clock and a network of its own.

`world` moves clients, messages and faults; a *house* is what serves them: `memory` (the product's
pure rules over lists) or `tables` (the product's actions on PostgreSQL). `witness` believes neither:
it folds the rows by itself and asks the promises L1 to L11, E1 and E4 after each step.
"""
