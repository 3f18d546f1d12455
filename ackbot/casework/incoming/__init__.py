"""What a mail is, whose case it belongs to, and what it asks for."""
