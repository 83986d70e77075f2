"""A term of invented meetings, played through the real actions, with what goes wrong in a term.

So a report can be looked at before there was a real term, and be held against what the rehearsal itself
counted while it played.
"""
