"""`python -m bench.faults [NAME…]`: what a child, the host and the record see when something breaks.

Every fault is a real one, of real processes, while a teacher and two children are in a meeting; somebody
looks all the while whether what may never happen happens. What was found is kept in `found.json` beside this
file, and docs/faults.md is written from it.
"""
