"""The movements: each gathers facts, asks the rules, applies, then acts."""
