"""The way of an achievement to the floor and over it: decision, public notice (公示), objection,
duties, rights register; listing, bidding, deal.

Promises: a notice stands for at least the days of the edition that it was born under, counted
anew from each change; while an objection waits for its ruling the days do not run; the register's
entries are never changed, so its state on any day can be read at any later day. Bidding keeps A1 to
A12 and S1 to S7 (docs/algorithms/auction.md, sealed.md): one pure function per method decides, each
bid gets one verdict of a closed set, and whoever has the lot's log computes the same result.

Words: a *listing* is an offer on the floor; a *lot* is what bidding sells; a *plate* (竞买号) stands
for a bidder until the end; a *cycle* is the time that each valid bid gives anew; a *ceiling* is a
standing maximum bid. Leans on the rulebook for periods and duties, on the achievement library for
what is sold, on the ledger for deposits, on sealing for 一次报价.
"""
