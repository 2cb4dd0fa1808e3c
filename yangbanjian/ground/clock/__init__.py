"""Business time and recorded time, working days, the sandbox offset, due work."""
