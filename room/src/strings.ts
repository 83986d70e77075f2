// Every word a person reads in the room. Controls are found by their English names; keep these exact.
//
// What a family reads is in words.json, and the page brings the translation of it (`t`). A host's own words are
// here, in English.

import english from "./words.json";

export type Words = keyof typeof english;

// The page's language: each English sentence, and what it is there. Nothing on an English page.
function brought(): Record<string, string> {
  if (typeof document === "undefined") return {};
  return JSON.parse(document.getElementById("words")?.textContent ?? "{}");
}

const translated = brought();

/** A sentence in the page's language, with its named places filled. */
export function t(name: Words, values: Record<string, string | number> = {}): string {
  const text = translated[english[name]] || english[name];
  return text.replace(/%\((\w+)\)s/g, (whole, place: string) => String(values[place] ?? whole));
}

export const words = {
  waitingRoom: "Waiting room",
  nobodyWaits: "Nobody is waiting.",
  connectingFirst: "Connecting you to the meeting first…",
  admitAll: "Admit everyone expected",
  hands: "Hands up",
  noHands: "No hands are up.",
  endTurn: "End turn",
  circle: "Go round the circle",
  nextTurn: "Next turn",
  notSpoken: "Not spoken yet",
  missing: "Not here yet",
  everyoneSpoke: "Everybody has had a turn.",
  screenSharing: "Screen sharing",
  reportIncident: "Report an incident",
  newTab: "opens beside this page; the meeting goes on",
  endMeeting: "End meeting",
  abortMeeting: "Abort meeting",
  askGrownUps: "Ask for grown-ups",
  grownUpsSilent: "Asked; no grown-up has answered",
  grownUpsAllThere: "Every grown-up who was asked has answered.",
  notices: "Notices",
  children: "In the room",
  panel: "Meeting controls",
  cancel: "Cancel",
  admit: (name: string) => `Admit ${name}`,
  giveTurn: (name: string) => `Give ${name} a turn`,
  remove: (name: string) => `Remove ${name}`,
  cameraOff: (name: string) => `Turn off ${name}'s camera`,
  cameraAllow: (name: string) => `Allow ${name}'s camera`,
  sendBack: (name: string) => `Send ${name} back to the waiting room`,
  letShare: (name: string) => `Let ${name} share a screen`,
  more: (name: string) => `More for ${name}`,
  abortReasons: ["Internet failure", "Safeguarding", "Staff illness"],
} as const;

export function deviceHelp(agent: string): string {
  if (/iPad|iPhone|Macintosh.*Mobile/.test(agent)) return t("helpIos");
  return t(/Android/.test(agent) ? "helpAndroid" : "helpDesktop");
}
