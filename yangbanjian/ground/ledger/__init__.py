"""Double entry: accounts with limits, transfers that never change, holds in two phases.

Words: an *account* counts units of one *asset*; a *transfer* moves an amount from its debit to its
credit; a *hold* is a pending transfer, resolved once (posted whole or in part, voided, expired); a
*chain* is posted whole or not at all. Business words stay upstairs: rooms above speak through
`transfer`, `hold`, `settle`, `release` and `chain`. The promises L1 to L11 are kept by the database:
one function, `post_batch`, is the only writer. See docs/algorithms/ledger.md.
"""
