"""The clauses of the school's video conferencing policy: what each asks, how far it is kept, and where.

docs/policy-map.md is drawn from this, and `tests/architecture/test_clauses.py` opens every place and
test named here, and what counts each clause for the report.
"""

from dataclasses import dataclass
from enum import StrEnum


class Strength(StrEnum):
    """How far a program can keep a clause. Never more is claimed than is true."""

    ENFORCED = "enforced"
    """The server makes the breach impossible, whatever a browser does."""
    DETECTED = "detected"
    """It cannot be prevented; it is noticed, shown to staff at once, and kept in the record."""
    ACKNOWLEDGED = "acknowledged"
    """Only a person can keep it; they are told when it matters, and their word is kept."""


@dataclass(frozen=True)
class Clause:
    """One sentence of the policy.

    `places` are `module:name` below `circletime`, or a file; `tests` are `file::name`, or a file.
    `evidence` is the `module:name` that counts it for the report. `lacks` says what is not built, or how far
    it does not reach, in a sentence for governors.
    """

    number: str
    asks: str
    strengths: tuple[Strength, ...]
    places: tuple[str, ...]
    tests: tuple[str, ...]
    evidence: str
    lacks: str = ""

    @property
    def who(self) -> str:
        """Whose clause it is."""
        return _WHO[self.number[0]]


_WHO = {"C": "the school", "T": "teachers", "S": "staff", "P": "pupils", "R": "parents"}
E, D, A = Strength.ENFORCED, Strength.DETECTED, Strength.ACKNOWLEDGED

CLAUSES = (
    Clause(
        "C1",
        "Video is for education and well-being only",
        (E,),
        ("meetings.rules:Purpose", "meetings.rules:check_schedule"),
        ("tests/web/test_meeting_form.py::test_a_purpose_belongs_to_its_kind",),
        evidence="oversight.evidence.meetings:purposes",
    ),
    Clause(
        "C2",
        "Each class, or a group within it, has a secure place to meet",
        (E,),
        ("meetings.actions.door:knock", "meetings.models:Expected"),
        (
            "tests/actions/test_door.py::test_a_child_of_another_class_is_not_expected",
            "tests/web/test_join_forms.py::test_a_group_meeting_is_for_its_group",
        ),
        evidence="oversight.evidence.meetings:expected",
    ),
    Clause(
        "C3",
        "A few minutes each week, not full lessons",
        (E,),
        ("policy.limits:MEETING_WITH_FAMILIES", "pages.views.meetings:week"),
        ("tests/web/test_meeting_form.py::test_no_meeting_is_longer_than_its_kind_may_be",),
        evidence="oversight.evidence.meetings:weeks",
    ),
    Clause(
        "C4",
        "Read together with the linked policies",
        (E,),
        (
            "documents.rules.kinds:Kind",
            "documents.actions.publish:publish",
            "documents.actions.accept:accept",
            "documents.queries:check_pass",
            "documents.readers:parts",
        ),
        (
            "tests/documents/test_doors.py::test_no_host_without_the_policy",
            "tests/documents/test_doors.py::test_nobody_watches_without_the_policy",
            "tests/documents/test_accepting.py::test_a_new_version_makes_the_old_word_stale_and_a_correction_does_not",
            "tests/documents/test_publishing.py::test_a_published_version_is_not_written_over",
            "tests/documents/test_readers.py::test_one_press_reminds_everybody_once",
        ),
        lacks="What the school has not published, nobody is asked to read.",
        evidence="oversight.evidence.reading:read_by_staff",
    ),
    Clause(
        "C5",
        "The Governing Board monitors it",
        (E,),
        (
            "oversight.evidence.report:make_report",
            "oversight.actions.reports:sign_report",
            "oversight.actions.checkpoints:watch_log",
            "audit.verify_log:check_export",
            "oversight.rules.monitoring:drawn_of",
            "pages.views.report:index",
        ),
        (
            "tests/audit/test_log.py::test_who_chains_everything_anew_is_caught_by_the_checkpoint",
            "tests/audit/test_checkpoints.py::test_every_day_each_governor_gets_one_and_it_fits",
            "tests/audit/test_report_pages.py::test_no_name_is_on_any_page_or_in_any_file",
            "tests/audit/test_rehearsal.py::test_the_report_says_what_the_rehearsal_counted",
            "tests/oversight/test_monitoring.py::TestDraw::test_anybody_can_repeat_it",
            "tests/oversight/test_monitoring.py::TestAttacks::test_nobody_looks_at_their_own",
        ),
        evidence="oversight.evidence.school:monitored",
    ),
    Clause(
        "C6",
        "Headteacher and Designated Safeguarding Lead uphold it",
        (E,),
        (
            "oversight.rules.incidents:TRANSITIONS",
            "oversight.actions.incidents:report",
            "oversight.actions.incidents:close",
            "oversight.actions.exceptions:grant_exception",
            "pages.views.incident:show",
            "room/src/view/HostPanel.tsx",
        ),
        (
            "tests/oversight/test_incidents.py::TestAttacks::test_nobody_else_does_anything_with_it",
            "tests/oversight/test_incidents.py::TestAttacks::test_whom_it_is_about_neither_hears_of_it_nor_answers_it",
            "tests/oversight/test_incidents.py::TestAttacks::test_no_name_leaves_the_page",
            "tests/oversight/test_exceptions.py::TestAttacks::test_nobody_grants_their_own",
            "tests/oversight/test_incidents.py::TestReport::test_it_reaches_headteacher_and_safeguarding_lead_at_once",
            "tests/oversight/test_incidents.py::TestSteps::test_from_the_report_to_the_outcome_and_back",
            "tests/oversight/test_incidents.py::TestSteps::test_a_breach_counts_from_when_it_was_known_and_is_decided_first",
        ),
        lacks="What nobody reports does not reach them.",
        evidence="oversight.evidence.school:upheld",
    ),
    Clause(
        "C7",
        "Reviewed every quarter and adopted by the board",
        (E,),
        (
            "policy.limits:REVIEW_MONTHS",
            "documents.queries:review_of",
            "documents.actions.adopt:adopt",
            "documents.actions.adopt:remind_review",
            "pages.views.policy_review:pack",
        ),
        (
            "tests/documents/test_reviews.py::test_reminded_a_month_a_week_and_a_day_before_and_once_each",
            "tests/documents/test_reviews.py::test_overdue_shows_on_every_page_of_staff_and_on_none_of_families",
            "tests/documents/test_reviews.py::test_only_a_governor_or_the_headteacher_writes_down_an_adoption",
        ),
        lacks="That the board meets is the school's to do; what is overdue shows on every page of staff.",
        evidence="oversight.evidence.reading:reviews",
    ),
    Clause(
        "T1",
        "Class teachers host and manage every meeting",
        (E,),
        ("meetings.actions.lifecycle:settle", "meetings.actions.common:lock_for_host"),
        (
            "tests/actions/test_door.py::test_nobody_is_admitted_without_a_host_in_the_room",
            "tests/actions/test_floor.py::test_without_a_host_the_room_freezes_and_comes_back",
            "tests/actions/test_machine.py::test_the_invariants_hold_at_every_step",
        ),
        evidence="oversight.evidence.meetings:hosts",
    ),
    Clause(
        "T2",
        "At most 20 minutes with pupils or parents",
        (E,),
        (
            "policy.limits:MEETING_WITH_FAMILIES",
            "meetings.queries:longest",
            "meetings.tasks:run_clock",
            "documents.actions.limits:set_limit",
        ),
        (
            "tests/documents/test_limits.py::test_a_looser_value_posted_by_the_headteacher_is_refused",
            "tests/documents/test_limits.py::test_a_stricter_value_holds_at_once_for_what_is_planned_already",
            "tests/actions/test_floor.py::test_the_room_closes_at_its_limit",
            "tests/e2e/test_class_meets.py::test_a_class_meets",
        ),
        evidence="oversight.evidence.meetings:twenty_minutes",
    ),
    Clause(
        "T3",
        "At most 40 minutes with staff",
        (E,),
        ("policy.limits:MEETING_WITH_STAFF", "meetings.queries:longest"),
        ("tests/rules/test_meetings.py::test_staff_may_meet_for_forty_minutes",),
        evidence="oversight.evidence.meetings:forty_minutes",
    ),
    Clause(
        "T4",
        "The office has the links and passwords to send to parents",
        (E,),
        (
            "dispatch.queries.lists:day_sheets",
            "dispatch.actions.sending:send_waiting",
            "dispatch.actions.sending:hand_out_links",
            "pages.views.dispatch:index",
            "pages.views.papers:cards",
            "pages.views.papers:letters",
        ),
        (
            "tests/dispatch/test_sending.py::test_two_clerks_at_the_same_moment",
            "tests/dispatch/test_sending.py::test_nobody_else_sends_or_ticks",
            "tests/dispatch/test_pages.py::test_the_day_shows_each_household_once_and_no_link",
            "tests/dispatch/test_killed.py::test_both_are_killed_in_the_middle",
            "tests/people/test_papers.py::TestCards::test_there_is_one_for_each_child",
            "tests/people/test_papers.py::TestLetters::test_a_letter_has_a_link_that_works_and_names_its_children",
        ),
        evidence="oversight.evidence.families:sent",
    ),
    Clause(
        "T5",
        "Screen sharing is off unless a teacher switches it on",
        (E,),
        ("meetings.actions.host:share_screen", "media.policing:screen_like"),
        (
            "tests/actions/test_floor.py::test_screens_are_off_until_switched_on_and_go_off_with_their_person",
            "tests/adversary/test_in_the_room.py::test_a_screen_that_calls_itself_a_camera_is_noticed",
        ),
        evidence="oversight.evidence.meetings:sharing",
    ),
    Clause(
        "T6",
        "A new room each time; one ID and password for each class",
        (E,),
        ("meetings.models:Meeting", "people.actions:change_class_password"),
        ("tests/web/test_classes.py::test_the_teacher_and_the_office_change_them_at_once",),
        evidence="oversight.evidence.meetings:rooms",
    ),
    Clause(
        "T7",
        "Families are admitted through the waiting room",
        (E,),
        ("meetings.actions.door:admit", "media.gate:SignalGate"),
        (
            "tests/actions/test_door.py::test_who_waits_is_told_nothing_of_the_meeting",
            "tests/adversary/test_in_the_room.py::test_who_waits_gets_no_connection_and_no_word",
        ),
        evidence="oversight.evidence.meetings:waiting_room",
    ),
    Clause(
        "T8",
        "Meetings are recorded and a record is kept; no screenshots",
        (E, A),
        (
            "recordings.actions.capture:prepare",
            "pages.views.register:show",
            "recordings.actions.viewing:note_sent",
            "recordings.actions.openings:open_to_host",
        ),
        (
            "tests/recordings/test_minutes.py::test_what_is_handed_out_is_noted_whatever_the_browser_says",
            "tests/recordings/test_openings.py::test_time_alone_closes_it_at_the_next_byte",
            "tests/rules/test_meetings.py::test_a_meeting_that_is_not_recorded_does_not_start",
            "tests/actions/test_door.py::test_the_register_says_who_came_when_and_how_long_they_spoke",
            "tests/e2e/test_class_meets.py::test_a_class_meets",
            "tests/recordings/test_disk.py::test_a_meeting_that_does_not_fit_does_not_start",
        ),
        evidence="oversight.evidence.keeping:recorded",
    ),
    Clause(
        "T9",
        "Recordings are kept for 30 days",
        (E,),
        (
            "policy.limits:RECORDING_KEPT",
            "recordings.actions.retention:destroy",
            "recordings.actions.certificates:sign",
            "recordings.actions.holds:place_hold",
            "recordings.actions.early:confirm_early",
            "recordings.queries:may_be_seen",
            "recordings.keys:forget",
        ),
        (
            "tests/recordings/test_retention.py::test_it_is_kept_until_its_day_and_gone_on_it",
            "tests/recordings/test_restored.py::test_a_restored_backup_brings_nothing_back",
            "tests/recordings/test_holds.py::test_the_held_one_of_a_day_stays_and_the_other_goes",
            "tests/recordings/test_early.py::test_one_person_alone_never_does_whatever_their_roles",
            "tests/recordings/test_clock.py::test_a_clock_that_leaps_a_month_ahead_destroys_nothing",
            "tests/recordings/test_certificates.py::test_no_child_and_no_family_is_named",
            "tests/recordings/test_killed_worker.py::test_it_ends_once",
            "tests/recordings/test_store.py::test_the_key_is_destroyed_also_while_the_store_is_away",
            "tests/web/test_keeping.py::test_past_its_day_nobody_watches_though_the_worker_has_not_run",
        ),
        evidence="oversight.evidence.keeping:thirty_days",
    ),
    Clause(
        "T10",
        "A parent who asks to see a recording is invited to view it with a senior leader",
        (E,),
        (
            "access.rules.case:TRANSITIONS",
            "access.actions.log:log_case",
            "access.actions.checks:identify",
            "access.actions.keeping:keep",
            "access.actions.stopping:note_restriction",
            "access.actions.invitations:invite",
            "access.actions.ending:refuse",
            "access.actions.redaction:approve",
            "access.queries.redaction:approved_film",
            "access.queries.viewing:piece_now",
            "access.rules.viewing:light",
            "access.actions.copy:sign_off",
            "pages.views.requests:show",
        ),
        (
            "tests/access/test_order.py::test_a_step_whose_turn_it_is_not_is_refused_and_changes_nothing",
            "tests/access/test_order.py::test_nobody_else_takes_a_step",
            "tests/access/test_order.py::test_what_is_kept_is_held_from_the_moment_somebody_asks",
            "tests/access/test_restrictions.py::test_one_that_is_noted_already_stops_a_request_as_it_is_logged",
            "tests/access/test_letters.py::test_who_is_there_is_a_senior_leader",
            "tests/access/test_letters.py::test_a_refusal_names_its_reason_and_the_three_ways_to_complain",
            "tests/access/test_letters.py::test_it_is_written_in_their_language_with_the_english_beneath",
            "tests/web/test_requests.py::test_governors_read_a_register_without_names",
            "tests/access/viewing/test_leader.py::test_absent_for_ten_seconds_pauses_it_and_refuses_each_byte",
            "tests/access/viewing/test_browsers.py::test_the_address_copied_to_another_browser_shows_nothing_and_is_noticed",
            "tests/access/viewing/test_films.py::test_a_film_that_was_changed_after_its_approval_goes_dark_at_once",
            "tests/access/viewing/test_approval.py::test_no_maker_approves",
            "tests/access/viewing/test_copy.py::test_no_copy_before_the_safeguarding_lead_signs_it_off",
            "tests/e2e/test_request.py::test_a_parent_sees_their_child_and_no_other_and_it_goes_on_its_day",
        ),
        evidence="oversight.evidence.keeping:requests",
    ),
    Clause(
        "T11",
        "Links are never made public",
        (D, A),
        (
            "people.links:make_links",
            "pages.tripwire:tripwired",
            "oversight.actions.leaks:burn_and_reissue",
            "dispatch.actions.anew:mail_new_links",
        ),
        (
            "tests/web/test_guessing.py::TestFamilyLink::test_only_a_hash_of_it_is_kept",
            "tests/dispatch/test_telling.py::test_of_a_link_only_a_hash_and_a_name_are_kept",
            "tests/oversight/test_leaks.py::TestWhatAProgramLearns::test_good_burned_and_invented_links_are_answered_alike",
            "tests/oversight/test_leaks.py::TestAlarm::test_a_hundred_fetches_are_one_alarm_with_a_count",
            "tests/oversight/test_leaks.py::TestAnswer::test_one_press_burns_the_link_and_mails_a_new_one",
            "tests/oversight/test_new_links.py::test_the_outbox_never_holds_it_and_what_is_sent_does",
        ),
        lacks="A link that is shown as text, or at a network whose programs hide, is not noticed.",
        evidence="oversight.evidence.families:links",
    ),
    Clause(
        "T12",
        "When a meeting is broken off, parents are told why and when the next one is",
        (E,),
        (
            "meetings.actions.lifecycle:abort",
            "dispatch.actions.telling:tell_aborted",
            "meetings.actions.schedule:plan_next",
        ),
        (
            "tests/actions/test_machine.py::test_the_invariants_hold_at_every_step",
            "tests/dispatch/test_telling.py::test_aborting_tells_why_and_when_the_next_one_is",
            "tests/dispatch/test_telling.py::test_the_reason_is_told_and_no_child_is",
            "tests/dispatch/test_telling.py::test_when_the_schools_own_connection_fails_families_are_told_later",
        ),
        evidence="oversight.evidence.families:broken_off",
    ),
    Clause(
        "S1",
        "Staff have a neutral background and dress and speak as in school",
        (A,),
        ("meetings.actions.door:enter_as_host", "oversight.rules.exceptions:Rule"),
        (
            "tests/actions/test_door.py::test_s1_is_asked_each_time",
            "tests/oversight/test_exceptions.py::TestBedroom::test_the_bedroom_is_not_asked_while_it_holds",
        ),
        evidence="oversight.evidence.children:hosts_confirmed",
    ),
    Clause(
        "S2",
        "Staff take no screenshots",
        (A, D),
        ("room/src/view/Tile.tsx",),
        ("tests/e2e/test_pages.py::check_marks",),
        lacks="A browser cannot stop a screenshot. Each tile carries the viewer's mark.",
        evidence="oversight.evidence.children:staff_pictures",
    ),
    Clause(
        "S3",
        "Staff publish no links",
        (D, A),
        ("pages.tripwire:tripwired", "meetings.actions.door:enter_as_host"),
        (
            "tests/oversight/test_leaks.py::TestAlarm::test_who_comes_from_a_network_goes_on_and_is_told_of",
            "tests/oversight/test_accepted_evidence.py::TestLinks::test_an_alarm_stands_under_each_it_may_be_of",
        ),
        lacks="A link that is shown as text, or at a network whose programs hide, is not noticed.",
        evidence="oversight.evidence.accepted:staff_links",
    ),
    Clause(
        "P1",
        "Pupils are muted on entry and get their chance to speak",
        (E,),
        ("meetings.rules:rights_for", "meetings.actions.floor:next_turn"),
        (
            "tests/rules/test_meetings.py::test_a_pupil_is_seen_and_not_heard",
            "tests/actions/test_floor.py::test_the_circle_goes_round_once",
        ),
        evidence="oversight.evidence.children:turns_reached",
    ),
    Clause(
        "P2",
        "One person speaks at a time",
        (E,),
        ("meetings.actions.floor:give_turn", "meetings.orders:carry_out"),
        (
            "tests/actions/test_floor.py::test_a_turn_moves_the_one_microphone",
            "tests/adversary/test_on_the_wire.py::test_two_hosts_give_turns_at_once_and_never_two_children_can_speak",
        ),
        evidence="oversight.evidence.children:one_voice",
    ),
    Clause(
        "P3",
        "Pupils put no screenshots on social media",
        (A, D),
        ("room/src/view/Tile.tsx", "meetings.actions.door:knock", "oversight.rules.incidents:Kind"),
        (
            "tests/e2e/test_pages.py::check_marks",
            "tests/oversight/test_accepted_evidence.py::TestStoodOn::test_which_version_held_then",
            "tests/oversight/test_accepted_evidence.py::TestPictures::test_one_that_got_out_stands_under_each",
        ),
        lacks="A browser cannot stop a screenshot. Each tile carries the viewer's mark.",
        evidence="oversight.evidence.accepted:childrens_pictures",
    ),
    Clause(
        "P4",
        "Pupils publish no links",
        (D, A),
        ("pages.tripwire:tripwired", "meetings.actions.door:knock"),
        (
            "tests/oversight/test_leaks.py::TestAlarm::test_who_comes_from_a_network_goes_on_and_is_told_of",
            "tests/oversight/test_accepted_evidence.py::TestStoodOn::test_which_version_held_then",
            "tests/oversight/test_accepted_evidence.py::TestLinks::test_an_alarm_stands_under_each_it_may_be_of",
        ),
        lacks="A link that is shown as text, or at a network whose programs hide, is not noticed.",
        evidence="oversight.evidence.accepted:childrens_links",
    ),
    Clause(
        "P5",
        "No virtual backgrounds",
        (D, A),
        ("room/src/devices.ts", "meetings.actions.host:told"),
        ("room/test/state.test.ts",),
        lacks="Circletime offers none; one made elsewhere is seen only where the browser reveals it.",
        evidence="oversight.evidence.children:cameras",
    ),
    Clause(
        "P6",
        "Pupils follow the behaviour policy",
        (E,),
        (
            "meetings.actions.door:remove",
            "meetings.actions.door:send_back",
            "meetings.actions.host:allow_camera",
        ),
        (
            "tests/adversary/test_in_the_room.py::test_who_is_sent_back_or_removed_is_out_at_once_and_stays_out",
            "tests/actions/test_door.py::test_a_removed_child_is_out_and_stays_out",
        ),
        evidence="oversight.evidence.children:behaviour",
    ),
    Clause(
        "P7",
        "Children type their first name to come in",
        (E,),
        ("pages.views.join:join_name", "people.rules:folded"),
        (
            "tests/rules/test_meetings.py::test_case_accents_and_spacing_are_forgiven",
            "tests/web/test_guessing.py::test_two_olivias_are_told_apart_without_showing_either",
            "tests/adversary/test_in_the_room.py::test_a_name_stays_what_it_was",
        ),
        evidence="oversight.evidence.children:first_names",
    ),
    Clause(
        "R1",
        "Parents accept the code of conduct",
        (E,),
        (
            "meetings.actions.door:knock",
            "documents.queries:check_at_door",
            "documents.actions.accept:accept_at_door",
        ),
        (
            "tests/documents/test_doors.py::test_nobody_knocks_before_a_parent_accepted_the_code",
            "tests/documents/test_doors.py::test_it_is_asked_again_when_it_changes",
            "tests/documents/test_doors.py::test_a_forged_acceptance_lets_nobody_in",
        ),
        lacks="At the class's own door it is not known which adult accepts.",
        evidence="oversight.evidence.reading:conduct_accepted",
    ),
    Clause(
        "R2",
        "Parents are written to about access",
        (E,),
        ("dispatch.actions.telling:tell_scheduled", "dispatch.queries.contacts:contacts_of"),
        (
            "tests/dispatch/test_telling.py::test_a_family_reads_what_when_how_and_why",
            "tests/dispatch/test_telling.py::test_a_restriction_wins",
            "tests/dispatch/test_telling.py::test_who_came_since_is_told_once",
        ),
        evidence="oversight.evidence.families:told",
    ),
    Clause(
        "R3",
        "Parents supervise throughout, in a suitable place",
        (A, D),
        (
            "meetings.actions.door:knock",
            "meetings.actions.grown_ups:ask_in_time",
            "meetings.actions.grown_ups:still_here",
            "pages.views.family:home",
        ),
        (
            "tests/actions/test_door.py::test_without_a_grown_up_there_is_no_knock",
            "tests/family/test_still_here.py::test_the_clock_asks_once_a_third_of_the_way_in",
            "tests/family/test_still_here.py::TestAttacks::test_another_childs_browser_answers_for_nobody",
        ),
        evidence="oversight.evidence.children:grown_ups",
    ),
    Clause(
        "R4",
        "Meetings are social; work goes on elsewhere",
        (E,),
        (
            "dispatch.words:work_goes_on",
            "pages.views.join:join_name",
            "pages.views.family:home",
            "dispatch.actions.workplace:set_work_address",
        ),
        (
            "tests/family/test_page.py::TestWhatItTells::test_work_goes_on_elsewhere",
            "tests/web/test_join_forms.py::test_the_door_says_where_school_work_goes_on",
            "tests/dispatch/test_telling.py::test_a_family_reads_what_when_how_and_why",
        ),
        evidence="oversight.evidence.families:work_elsewhere",
    ),
    Clause(
        "R5",
        "Parents are told when a meeting is for teaching",
        (E,),
        ("meetings.families:keeping_shut", "meetings.rules:check_told"),
        ("tests/dispatch/test_gate.py::test_nobody_knocks_before_the_last_household_was_told",),
        evidence="oversight.evidence.families:teaching_told",
    ),
    Clause(
        "R6",
        "Parents put no screenshots on social media",
        (A, D),
        ("room/src/view/Tile.tsx", "meetings.actions.door:knock", "oversight.rules.incidents:Kind"),
        (
            "tests/e2e/test_pages.py::check_marks",
            "tests/oversight/test_accepted_evidence.py::TestStoodOn::test_which_version_held_then",
            "tests/oversight/test_accepted_evidence.py::TestPictures::test_one_that_got_out_stands_under_each",
        ),
        lacks="A browser cannot stop a screenshot. Each tile carries the viewer's mark.",
        evidence="oversight.evidence.accepted:families_pictures",
    ),
    Clause(
        "R7",
        "Parents publish no links",
        (D, A),
        ("pages.tripwire:tripwired", "meetings.actions.door:knock"),
        (
            "tests/oversight/test_leaks.py::TestAlarm::test_who_comes_from_a_network_goes_on_and_is_told_of",
            "tests/oversight/test_accepted_evidence.py::TestStoodOn::test_which_version_held_then",
            "tests/oversight/test_accepted_evidence.py::TestLinks::test_an_alarm_stands_under_each_it_may_be_of",
        ),
        lacks="A link that is shown as text, or at a network whose programs hide, is not noticed.",
        evidence="oversight.evidence.accepted:families_links",
    ),
    Clause(
        "R8",
        "Parents do not talk with the teacher during a class",
        (A, D),
        ("meetings.actions.host:write_note", "pages.family_facts:children_of", "dispatch.words:write"),
        (
            "tests/actions/test_floor.py::test_everything_is_in_the_log_and_the_log_holds",
            "tests/family/test_page.py::TestWhatItTells::test_a_teachers_school_address",
            "tests/dispatch/test_telling.py::test_a_family_reads_what_when_how_and_why",
        ),
        lacks="A household has one voice, the child's; a lapse is noticed and noted by the host.",
        evidence="oversight.evidence.children:one_household_one_voice",
    ),
)
