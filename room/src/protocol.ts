// The wire: what the live socket sends, and what a command answers. No view, no media.

import { t } from "./strings";

export type Role = "host" | "staff" | "adult" | "pupil";
export type MeetingState = "open" | "live" | "frozen";
export type ClosedWhy = "ended" | "aborted" | "removed" | "elsewhere" | "cancelled" | "left" | "refused";

export interface Rights {
  camera: boolean;
  microphone: boolean;
  screen: boolean;
  subscribe: boolean;
}

export interface Boot {
  seat: string;
  role: Role;
  label: string;
  viewer_mark: string;
  csrf: string;
  live: string;
  act: string;
  purpose: string;
  class_name: string;
  admitted: boolean;
  leave_url: string;
  /** Where a host reports an incident of this meeting; "" for everybody else. */
  incident_url: string;
  /** Where a family chooses another language; "" for the staff. */
  language_url: string;
}

export interface You {
  seat: string;
  label: string;
  role: Role;
  state: "waiting" | "admitted";
  hand: boolean;
  hand_place: number | null;
  floor: boolean;
  camera_allowed: boolean;
  asked_grown_up: boolean;
  rights: Rights;
}

export interface Meeting {
  state: MeetingState;
  purpose: string;
  class_name: string;
  kind: "class" | "group" | "parents" | "staff";
  ends_at?: string | null;
  frozen_until?: string | null;
  recording?: "on" | "lost" | "off";
  floor?: string | null;
  screen_sharing?: { on: boolean; seat: string | null };
  circle?: { on: boolean; next: string | null };
}

export interface Person {
  seat: string;
  label: string;
  role: Role;
  connected: boolean;
  floor: boolean;
  hand: boolean;
}

export interface Waiting {
  seat: string;
  label: string;
  since: string;
  expected: boolean;
  grown_up: boolean;
  back: boolean;
  note: string | null;
}

export interface PupilRow {
  seat: string;
  label: string;
  connected: boolean;
  turns: number;
  seconds: number;
  camera_allowed: boolean;
  grown_up: boolean;
  notes: string[];
}

export interface Notice {
  id: number;
  at: string;
  kind: "lie" | "camera" | "recording" | "door" | "shape";
  text: string;
}

export interface HostView {
  waiting: Waiting[];
  hands: { seat: string; label: string; since: string }[];
  pupils: PupilRow[];
  /** When grown-ups were asked once more, and whose have not answered since. */
  grown_ups: { asked_at: string | null; silent: string[] };
  not_spoken: string[];
  missing: string[];
  notices: Notice[];
}

export interface LiveState {
  type: "state";
  v: number;
  now: string;
  you: You;
  meeting: Meeting;
  people: Person[];
  host?: HostView;
}

export interface Closed {
  type: "closed";
  why: ClosedWhy;
}

export type LiveMessage = LiveState | Closed | { type: "pong" };

/** The message in `text`, or null when it is none of ours. */
export function parseLive(text: string): LiveMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || !("type" in value)) return null;
  const message = value as { type: unknown; v?: unknown; you?: unknown; meeting?: unknown; why?: unknown };
  if (message.type === "pong") return { type: "pong" };
  if (message.type === "closed" && typeof message.why === "string") return value as Closed;
  if (message.type === "state" && typeof message.v === "number" && message.you && message.meeting) {
    return value as LiveState;
  }
  return null;
}

/** A command that the server refused; the message is plain words for a person. */
export class CommandRefused extends Error {}

/** Send one command of the room. Throws `CommandRefused`. */
export async function send(boot: Boot, verb: string, body: Record<string, unknown> = {}): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(boot.act + verb, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": boot.csrf },
      body: JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch {
    throw new CommandRefused(t("unreached"));
  }
  if (answer.ok) return;
  const told = await answer.json().catch(() => null);
  throw new CommandRefused(told?.error?.message ?? t("failed"));
}
