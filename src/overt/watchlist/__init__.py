"""Watchlists: entries, their import, enrolment and the look-alikes among them."""
