"""Random lives: what the real actions do, step by step, against a table written out by hand."""
