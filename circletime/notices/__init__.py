"""Letters to families and staff: an outbox that loses nothing, e-mail with calendar entries (R2, T10, T12).

It takes plain values and knows no meeting, no recording and no request.
"""
