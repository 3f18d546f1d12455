"""Measures what design.md, section 10, sets as budgets: `python -m bench` in a checkout, with Debian's Dovecot."""
