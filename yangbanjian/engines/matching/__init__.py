"""Finds what solves a demand, says why, and introduces the parties."""
