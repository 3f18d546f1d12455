"""ackbot acknowledges every resident who emails a council, gives the letter a named owner, and keeps the promise."""

__version__ = "0.1.0"
