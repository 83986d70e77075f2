"""What shows that each clause was kept: counted from the registers and the log at that moment, never stored.

A clause names its count in `policy.clauses`; `report` calls them all. Nothing here knows a name of a child or
of a family.
"""
