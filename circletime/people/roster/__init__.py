"""The school's roster, read from what its own system exports: reading, dialects, plan, apply.

The rule that keeps a clerk's work: a field is written only when the school's own system says something else
about it than at the last import. What was changed by hand stays until the system changes it too.
"""
