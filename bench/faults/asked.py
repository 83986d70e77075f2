"""What the installation's own database is asked, as code that prints JSON."""

SECRETS = """
import json
from circletime.people.models import Adult, Pupil, User
words = {p.last_name for p in Pupil.objects.all()} | {a.email for a in Adult.objects.all()}
words |= {str(p.public_id) for p in Pupil.objects.all() if hasattr(p, "public_id")}
words |= {u.email for u in User.objects.filter(rolegrant__role="office")}
print(json.dumps(sorted(word for word in words if len(word) > 2)))
"""
FACTS = """
import json
from circletime.meetings.models import Meeting, Seat, Turn
one = Meeting.objects.get(public_id="%s")
at = lambda moment: moment.timestamp() if moment else None
seats = list(Seat.objects.filter(meeting=one))
print(json.dumps({
    "room": one.room,
    "state": one.state,
    "hosts": [s.public_id for s in seats if s.role == "host"],
    "pupils": [s.public_id for s in seats if s.role == "pupil"],
    "admitted": {s.public_id: at(s.admitted_at) or at(s.knocked_at)
                 for s in seats if s.admitted_at or s.role == "host"},
    "turns": [(t.seat.label, at(t.given_at), at(t.ended_at) or 9e12)
              for t in Turn.objects.filter(meeting=one)],
    "ends_at": at(one.ends_at), "ended_at": at(one.ended_at),
}))
"""
RECORD = """
import json
from django.db.models import Count
from circletime.audit import queries
from circletime.audit.models import Row
from circletime.meetings.models import Happening, Meeting
from circletime.recordings.models import Recording
one = Meeting.objects.get(public_id="%s")
count, broken = queries.verify()
rows = Row.objects.filter(number__gt=%d).exclude(kind__startswith="notices")
print(json.dumps({
    "rows": {r["kind"]: r["n"] for r in rows.values("kind").annotate(n=Count("kind")).order_by("kind")},
    "notes": [h.text for h in Happening.objects.filter(meeting=one, pk__gt=%d).order_by("pk")],
    "segments": Recording.objects.get(meeting=one).segment,
    "recording": Recording.objects.get(meeting=one).state,
    "broken": broken and list(broken), "count": count,
}))
"""
MARK = """
import json
from circletime.audit.models import Row
from circletime.meetings.models import Happening
last = lambda model, field: (model.objects.order_by(field).values_list(field, flat=True).last() or 0)
print(json.dumps([last(Row, "number"), last(Happening, "pk")]))
"""
SPANS = """
import json
import av
from circletime.recordings import queries
from circletime.recordings.models import Recording
recording = Recording.objects.get(meeting__public_id="%s")
key = queries.key_of(recording)
spans = []
for segment in queries.read_segments(recording.public_id, key):
    for line in segment.entries.values():
        if (line.name, line.source) != ("Amara", "camera"):
            continue
        with av.open(queries.open_part(recording.public_id, line.file, key), format="matroska") as part:
            times = [p.pts * p.time_base for p in part.demux() if p.pts is not None and p.size]
        start = segment.begins + line.begins
        spans += [[float(start + a), float(start + b)] for a, b in zip(times, times[1:]) if b - a < 1]
print(json.dumps(spans))
"""
ENDED = """
import json
from circletime.audit.models import Row
from circletime.meetings.models import Meeting
from circletime.recordings.models import Recording
one = Meeting.objects.get(public_id="%s")
ends = Row.objects.filter(kind="meetings.meeting.ended", subject=one.subject).count()
print(json.dumps([one.state, Recording.objects.get(meeting=one).state, ends]))
"""
SHORTEN = """
from datetime import timedelta
from circletime.core import time
from circletime.meetings.models import Meeting
Meeting.objects.filter(public_id="%s").update(ends_at=time.now() + timedelta(seconds=%s))
"""
