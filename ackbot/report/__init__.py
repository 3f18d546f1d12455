"""Pages for people to look at: so far the gallery of mails."""
