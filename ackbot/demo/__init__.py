"""The demo: a council with a real IMAP server and SMTP sink on loopback, letters, and a fast clock."""
