"""The borders: IMAP, SMTP, systemd; each module is the only importer of its library."""
