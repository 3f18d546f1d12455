"""The rules: pure functions of a message, facts and `now`, without I/O, clock and randomness."""
