"""The outside world of the ledger: bank accounts of the house, lines of their statements, and which
transfer each line stands for.

A line is posted once, between its bank account and the account named `suspense`; matching moves it
on, to whose money it is. So what is in suspense is what nobody has placed yet (L12): the database
compares the two whenever either changes. Business words stay upstairs: rooms above say what they
wait for (`expect`, `pay_out`, `refund`) and hear of it by the entry `bank.matched`.
See docs/algorithms/bank.md.
"""
