"""RFC 5322 mail, in and out; knows nothing of cases."""
