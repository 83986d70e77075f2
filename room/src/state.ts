// What the page shows, as one value, and how it changes. Pure: no browser, no clock, no media.

import type { Closed, LiveState, Person } from "./protocol";

export type MediaState = "off" | "connecting" | "on" | "retrying";
export type DeviceState = "asking" | "on" | "denied" | "missing" | "busy";
export type Quality = "good" | "weak" | "lost";

export interface AppState {
  live: LiveState | null;
  closed: Closed | null;
  online: boolean;
  media: MediaState;
  camera: DeviceState;
  microphone: DeviceState;
  cameraOn: boolean;
  microphoneOn: boolean;
  quality: Quality;
  soundBlocked: boolean;
  saveData: boolean;
  sharing: boolean;
  speaking: string[];
  tracksVersion: number;
  page: number;
  toast: string | null;
  skew: number;
}

export const initial: AppState = {
  live: null,
  closed: null,
  online: true,
  media: "off",
  camera: "asking",
  microphone: "asking",
  cameraOn: true,
  microphoneOn: true,
  quality: "good",
  soundBlocked: false,
  saveData: false,
  sharing: false,
  speaking: [],
  tracksVersion: 0,
  page: 0,
  toast: null,
  skew: 0,
};

export type Action =
  | { type: "live"; message: LiveState; at: number }
  | { type: "closed"; message: Closed }
  | { type: "tracks" }
  | { type: "set"; values: Partial<AppState> };

export function reduce(state: AppState, action: Action): AppState {
  if (state.closed) return state;
  switch (action.type) {
    case "live":
      // The server's clock decides how much time is left, not the tablet's.
      return { ...state, live: action.message, skew: Date.parse(action.message.now) - action.at };
    case "closed":
      return { ...state, closed: action.message, live: null };
    case "tracks":
      return { ...state, tracksVersion: state.tracksVersion + 1 };
    case "set":
      return { ...state, ...action.values };
  }
}

export interface Layout {
  /** Who is shown large: the child whose turn it is, else who speaks, else the teacher. */
  stage: Person | null;
  /** The small tiles of this page. */
  grid: Person[];
  /** Both, in an order that stays when somebody else becomes large: no picture is taken down for it. */
  shown: Person[];
  page: number;
  pages: number;
}

/** Who is shown where. The teacher is on every page; the order of the others does not jump. */
export function layout(people: Person[], me: string, speaking: string[], page: number, size: number): Layout {
  const hosts = people.filter((person) => person.role === "host" && person.seat !== me);
  const holder = people.find((person) => person.floor);
  const speaker = people.find((person) => speaking.includes(person.seat) && person.seat !== me);
  const stage =
    holder ?? speaker ?? hosts[0] ?? people.find((person) => person.seat !== me) ?? people[0] ?? null;
  const always = hosts.filter((person) => person !== stage).slice(0, 1);
  const rest = people.filter((person) => person !== stage && !always.includes(person));
  rest.sort((a, b) => Number(b.seat === me) - Number(a.seat === me));
  const room = Math.max(1, size - always.length);
  const pages = Math.max(1, Math.ceil(rest.length / room));
  const current = Math.min(page, pages - 1);
  const grid = [...always, ...rest.slice(current * room, (current + 1) * room)];
  const shown = people.filter((person) => person === stage || grid.includes(person));
  return { stage, grid, shown, page: current, pages };
}

/** Seconds until `until` by the server's clock, never below 0; null when there is no end. */
export function secondsLeft(until: string | null | undefined, now: number, skew: number): number | null {
  if (!until) return null;
  return Math.max(0, Math.round((Date.parse(until) - (now + skew)) / 1000));
}

/** "19:07" from 1147. */
export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** What this browser should be sending now, from its rights and its own switches. */
export function wanted(
  rights: { camera: boolean; microphone: boolean },
  own: { cameraOn: boolean; microphoneOn: boolean; pupil: boolean },
): { camera: boolean; microphone: boolean } {
  return {
    camera: rights.camera && own.cameraOn,
    // A child presses nothing to speak: having the turn is enough.
    microphone: rights.microphone && (own.pupil || own.microphoneOn),
  };
}

/** The seats that knocked since the last look; each is told once, however often it is listed. */
export function arrivals(known: Set<string>, waiting: { seat: string }[]): string[] {
  const fresh = waiting.map((one) => one.seat).filter((seat) => !known.has(seat));
  for (const seat of fresh) known.add(seat);
  return fresh;
}
