"""Wordings to begin with, written for Circletime. They hold nowhere until a school publishes them."""

from circletime.documents.rules.kinds import Kind

_VIDEO = """
# What this is for

We meet by video so that children and adults see each other, feel well and keep learning when they cannot be
in one room. We use it for nothing else. It is read together with our policies on data protection, e-safety,
safeguarding, health and safety, behaviour and acceptable use, with the staff code of conduct and with the
home-school agreement.

# How a meeting works

- Each class, or a group within it, has its own place to meet. Nobody else gets in.
- A meeting with children or parents lasts at most 20 minutes, one of staff at most 40.
- Everybody waits at the door until a teacher lets them in. No child is in a room without a member of staff.
- Children arrive muted. They put a hand up, are given a turn, and one child speaks at a time.
- Screens are shared only when the teacher switches that on.
- Each meeting has a new room. Class ID, password and links are never made public.

# What is kept

- There is a register of each meeting: who came, when, and what happened.
- Meetings are recorded to keep children and staff safe. Recordings are destroyed after 30 days.
- Only senior leaders and the safeguarding lead watch a recording, they say why, and it is written down.
- Whoever asks to see a recording of their child is invited to see it together with a senior leader.
- Nobody takes pictures of the screen.

# What staff do

- Sit in front of a plain background, and not in a bedroom.
- Dress and speak as in school.
- Keep to the length of the meeting, and end it for everybody.
- Tell the safeguarding lead at once about anything that worries them.

# If a meeting is broken off

The teacher says why. Families are told the reason, and when the next meeting is.

# Who looks after this policy

The headteacher and the designated safeguarding lead see that it is kept. The governing board answers for it,
looks at the evidence, and reviews this policy every quarter.
"""

_CONDUCT = """
Our class meetings are short and friendly. Please read this once; it holds for every meeting of your child.

# Before a meeting

- Find a place that is not a bedroom or a bathroom, where nothing private is in the picture.
- See that your child is dressed as for school.
- Keep the class ID, the password and your family's link to yourselves.

# During a meeting

- An adult stays nearby the whole time.
- Your child is muted at first, puts a hand up and gets a turn. Please let the child speak.
- It is the children's time. If you would like to talk with the teacher, write to the school.
- Leave the background as it is; no pictures or blur in its place.
- Take no photo, film or picture of the screen, and share nothing of a meeting anywhere.

# Good to know

- Meetings are recorded to keep everybody safe. Recordings are destroyed after 30 days.
- A child who is unkind, or not safe, may be taken out of the meeting; we will talk to you.
- If something worries you, tell the school office or the safeguarding lead.
"""

_STARTERS = {Kind.VIDEO: _VIDEO, Kind.CONDUCT: _CONDUCT}


def starter(kind: Kind) -> str:
    """Our own wording of a document, each paragraph on one line; nothing where that is the school's."""
    return _unfold(_STARTERS.get(kind, ""))


def _unfold(text: str) -> str:
    lines: list[str] = []
    for line in text.strip().splitlines():
        if lines and line and lines[-1] and not line.startswith(("#", "-")) and not lines[-1].startswith("#"):
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return "\n".join(lines)
