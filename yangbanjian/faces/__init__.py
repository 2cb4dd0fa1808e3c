"""Thin translators: they decide nothing."""
