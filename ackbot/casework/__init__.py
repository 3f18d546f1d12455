"""The rules: pure functions of a message, facts and `now`. No I/O, no clock, no randomness."""
