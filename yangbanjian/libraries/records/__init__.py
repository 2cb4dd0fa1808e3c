"""What the three libraries share: states, versions, completeness, duplicates."""
