"""A council in a box: a real IMAP server and SMTP sink on loopback, letters, a fast clock."""
