"""Pages: standards kept and missed, and mails to look at."""
