"""Whether Circletime itself is well: one set of checks, for the doctor, a page, alarms and machines."""
