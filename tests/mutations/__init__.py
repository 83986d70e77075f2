"""Rules of the policy, broken on purpose one at a time, and the test that has to notice.

`make mutations` tries each in a copy of the program and writes docs/mutations.md.
"""
