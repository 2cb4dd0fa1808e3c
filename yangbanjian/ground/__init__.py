"""What every deal stands on."""
