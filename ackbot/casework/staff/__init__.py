"""What staff ask for and say by replying."""
