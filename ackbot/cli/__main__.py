"""`python -m ackbot.cli`."""

from ackbot.cli import main

main()
