"""Yangbanjian (样板间): an open, self-hosted technology market for a district."""

__version__ = "0.1.0"
