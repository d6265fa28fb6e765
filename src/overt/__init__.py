"""Overt: authorised, overt live facial recognition deployments, end to end."""

__version__ = "0.1.0.dev0"
