"""What stands among the formats that residents ask for and is no format (behaviour.md §3.11, §3.13)."""

INTERPRETER = "an interpreter or a translation"  # with the language in brackets behind it
NOT_PHONE = "no phone calls"
