"""Making a film: every track of a recording in one picture and one sound, on the meeting's own clock."""
