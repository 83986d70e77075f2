"""Who is told of a meeting, in which words, by which way, and whether it came (R1, R2, R4, R5, T4, T12).

It takes plain values about meetings and knows none.
"""
