"""The trading floor: what may be sold, how it is sold, and what proves that it was done by the book."""
