"""How the standards are kept, as figures, tables and pages; and the gallery of mails."""
