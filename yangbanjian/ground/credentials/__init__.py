"""Credentials: signed statements that anyone can check without us, and their withdrawal.

A *credential* is a W3C Verifiable Credential 2.0 about one thing, signed with Data Integrity
`eddsa-jcs-2022`; a *status list* says with one bit for each whether it has been revoked; a *page*
is the same fields on paper, a sealed PDF. The room knows no word of any business: who issues says
which fields there are, how they are called and what they are about. About one thing there is at
most one live credential of a kind. It leans on keys (who signs), the clock and the journal.
"""
