"""What falls due: dates that pass, reminders, and the moves that an absence makes."""
