"""What the log decides without a database: the tree, leaves, checkpoints, tiles, packets."""
