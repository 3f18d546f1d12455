"""The movements. Each gathers facts, asks the rules for a decision, applies it to the store, and only then acts."""
