"""What a mail is, whose it is, and what it asks for."""
