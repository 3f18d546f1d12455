"""The borders: IMAP, SMTP, LMTP and systemd; each module is the only importer of its library."""
