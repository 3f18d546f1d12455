"""Which mail with which facts: to residents, to staff, and what to call people."""
