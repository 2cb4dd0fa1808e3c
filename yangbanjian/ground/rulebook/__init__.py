"""Editions of parameters and rule tables: what holds where, from when, by which document.

Whatever an authority can change stands here as data. A process stores the edition that it was
born under; an edition that has been published is never changed, only followed by another.
Indicator trees (scorecards) will be a further kind of table.
"""
