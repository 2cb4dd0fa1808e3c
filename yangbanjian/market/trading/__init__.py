"""The way of an achievement to the floor and over it: decision, public notice (公示), objection,
duties, rights register; listing, bidding, deal.

Promises: a notice stands for at least the days of the edition that it was born under, counted
anew from each change; while an objection waits for its ruling the days do not run; the register's
entries are never changed, so its state on any day can be read at any later day. Leans on the
rulebook for periods and duties, on the achievement library for what is sold.
"""
