"""What falls due: promised dates, reminders, and the moves of cases because of absences."""
