"""The three libraries: achievements, demands, experts."""
