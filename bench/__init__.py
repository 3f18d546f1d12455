"""Measures the budgets of design.md §10: `python -m bench` in a checkout, with Debian's Dovecot."""
