"""What the three libraries decide alike. Pure: no Django, clock, random or I/O."""
