"""What a deal's certificate says, who accepts it, and the dossier that proves the whole way.

Promises: a deal has one live certificate number, issued only when the contract is signed, the money
(or the first instalment and a security) is there and the duties are met (C3, C5); its values are
those of ledger, lot and deal (C4); who has the number, or the paper, can look it up, and nobody can
guess one (C7); it is revoked by another person than who issued it. A dossier (进场免责证据包) is one
file that `python -m verify` checks without us and without a network (docs/algorithms/dossier.md).

Words: a *certificate* (交易凭证) is a credential about a deal with a number of its own; a *use* is a
purpose for which somebody takes it («一证通用»); a *dossier* is assembled, *recorded* in the evidence
log, then *sealed* with the packet of that entry. Leans on trading for what was done, on credentials
for signing, paper and status, on the log for packets, on the rulebook for uses and duties.
"""
