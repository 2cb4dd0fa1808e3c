"""The evidence log: an RFC 6962 Merkle tree over the journal, its signed heads and its proofs.

A *leaf* is an entry's place in the tree, a *head* the root at a size, a *checkpoint* the signed
head, an *anchor* a checkpoint that was put where we cannot change it, a *packet* all that somebody
needs to check one entry without us. Entries are sequenced after they are written, so that no act
waits for the tree. See docs/algorithms/log.md.
"""
