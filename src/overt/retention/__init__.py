"""Retention: what is deleted when, evidence holds, and the receipt that each deletion leaves."""
