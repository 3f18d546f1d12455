"""What members of staff ask for and say when they reply to our mails."""
