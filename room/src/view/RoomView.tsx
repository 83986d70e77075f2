import { useEffect, useState } from "preact/hooks";
import type { Boot, LiveState, Person } from "../protocol";
import type { Session } from "../session";
import { type AppState, clock, layout, secondsLeft } from "../state";
import { t, words } from "../strings";
import { HostPanel } from "./HostPanel";
import { Icon } from "./Icon";
import { Tile } from "./Tile";

interface Props {
  boot: Boot;
  state: AppState;
  live: LiveState;
  session: Session;
  set: (values: Partial<AppState>) => void;
  command: (verb: string, body?: Record<string, unknown>) => void;
}

const WARNINGS = [
  { at: 300, words: "fiveMinutes" },
  { at: 60, words: "oneMinute" },
] as const;

function pageSize(): number {
  if (innerWidth < 600) return 4;
  return innerWidth < 1100 ? 6 : 9;
}

/** Seconds of this meeting that are left, counted down here between the server's messages. */
function useSecondsLeft(until: string | null | undefined, skew: number): number | null {
  const [left, setLeft] = useState(() => secondsLeft(until, Date.now(), skew));
  useEffect(() => {
    const show = () => setLeft(secondsLeft(until, Date.now(), skew));
    show();
    const timer = setInterval(show, 500);
    return () => clearInterval(timer);
  }, [until, skew]);
  return left;
}

/** The meeting: tiles, what this person can do, and for a host everything that is theirs to do. */
export function RoomView({ boot, state, live, session, set, command }: Props) {
  const { you, meeting } = live;
  const host = you.role === "host";
  const left = useSecondsLeft(meeting.ends_at, state.skew);
  const [size, setSize] = useState(pageSize);
  const [panelOpen, setPanelOpen] = useState(false);
  useEffect(() => {
    const resized = () => setSize(pageSize());
    addEventListener("resize", resized);
    return () => removeEventListener("resize", resized);
  }, []);
  const sharer = live.people.find((person) => person.seat === session.sharer()) ?? null;
  const plan = layout(live.people, you.seat, state.speaking, state.page, size);
  const stage = sharer?.seat ?? plan.stage?.seat;
  const visible = [stage, ...(state.saveData ? [] : plan.shown.map((person) => person.seat))].join(" ");
  useEffect(() => {
    session.show(new Set(visible.split(" ")), state.saveData);
  }, [session, state.saveData, visible, state.tracksVersion]);

  const tile = (person: Person, large = false, screen = false) => (
    <Tile
      key={`${person.seat}${screen ? "-screen" : ""}`}
      person={person}
      session={session}
      mine={person.seat === you.seat}
      mark={boot.viewer_mark}
      large={large}
      screen={screen}
      speaking={state.speaking.includes(person.seat)}
    />
  );

  const warning = left !== null && WARNINGS.find(({ at }) => left <= at && left > at - 20);
  return (
    <div class={host ? "meeting hosting" : "meeting"}>
      <header class="bar">
        <h1>{boot.class_name}</h1>
        <span class="purpose">{boot.purpose}</span>
        {meeting.recording === "on" ? (
          <span role="status" class="recording">
            {t("recorded")}
          </span>
        ) : (
          <span role="alert" class="recording lost">
            {t("notRecorded")}
          </span>
        )}
        {state.quality !== "good" && (
          <span class="weak" role="status">
            {t(state.quality === "weak" ? "weak" : "lost")}
          </span>
        )}
        {left !== null && (
          <span role="timer" aria-label={t("timeLeft")} class={left <= 60 ? "timer soon" : "timer"}>
            {clock(left)}
          </span>
        )}
      </header>
      <p class="warning" role="status">
        {warning ? t(warning.words) : ""}
      </p>

      <main class="tiles">
        {you.floor && (
          <p role="status" class="your-turn">
            {t("yourTurn")}
          </p>
        )}
        <GrownUpAsk asked={you.asked_grown_up} onHere={() => command("grown-up")} />
        <div class="people" data-small={plan.shown.length - (sharer ? 0 : 1)}>
          {sharer && tile(sharer, true, true)}
          {plan.shown.map((person) => tile(person, !sharer && person === plan.stage))}
        </div>
        {plan.pages > 1 && (
          <nav class="pages" aria-label={t("pages")}>
            <button
              type="button"
              class="button quiet"
              disabled={plan.page === 0}
              onClick={() => set({ page: plan.page - 1 })}
            >
              {t("previous")}
            </button>
            <span>{t("page", { page: plan.page + 1, pages: plan.pages })}</span>
            <button
              type="button"
              class="button quiet"
              disabled={plan.page === plan.pages - 1}
              onClick={() => set({ page: plan.page + 1 })}
            >
              {t("next")}
            </button>
          </nav>
        )}
        {meeting.state === "frozen" && <Frozen live={live} skew={state.skew} />}
        {(state.media === "retrying" || !state.online) && (
          <p class="away" role="status">
            {t("back")}
          </p>
        )}
      </main>

      <footer class="controls">
        {you.role === "pupil" && (
          <button
            type="button"
            class={you.hand ? "button big hand up" : "button big hand"}
            disabled={meeting.state !== "live"}
            onClick={() => command("hand", { up: !you.hand })}
          >
            <Icon name="hand" />
            {t(you.hand ? "handDown" : "handUp")}
          </button>
        )}
        {you.hand && you.hand_place && (
          <span class="place">
            {you.hand_place === 1 ? t("youAreNext") : t("yourPlace", { place: you.hand_place })}
          </span>
        )}
        {you.role !== "pupil" && (
          <button
            type="button"
            class="button quiet device"
            aria-pressed={state.microphoneOn}
            onClick={() => set({ microphoneOn: !state.microphoneOn })}
          >
            <Icon name="microphone" off={!state.microphoneOn} />
            {t("microphone")}
          </button>
        )}
        <button
          type="button"
          class="button quiet device"
          aria-pressed={state.cameraOn && you.camera_allowed}
          disabled={!you.camera_allowed}
          onClick={() => set({ cameraOn: !state.cameraOn })}
        >
          <Icon name="camera" off={!state.cameraOn || !you.camera_allowed} />
          {t("camera")}
        </button>
        {!host && you.rights.screen && (
          <button type="button" class="button" onClick={() => void session.shareScreen(!state.sharing)}>
            {t(state.sharing ? "stopSharing" : "shareScreen")}
          </button>
        )}
        {!host && (
          <button
            type="button"
            class="button quiet"
            aria-pressed={state.saveData}
            onClick={() => set({ saveData: !state.saveData })}
          >
            {t("saveData")}
          </button>
        )}
        {state.soundBlocked && (
          <button type="button" class="button big" onClick={() => session.startSound()}>
            {t("tapToHear")}
          </button>
        )}
        {host && (
          <button
            type="button"
            class="button panel-toggle"
            aria-expanded={panelOpen}
            onClick={() => setPanelOpen(!panelOpen)}
          >
            {words.panel}
            {(live.host?.waiting.length ?? 0) > 0 && <span class="count">{live.host?.waiting.length}</span>}
          </button>
        )}
        <button type="button" class="button quiet leave" onClick={() => command("leave")}>
          <Icon name="leave" />
          {t("leave")}
        </button>
      </footer>
      {host && (
        <div class={panelOpen ? "drawer open" : "drawer"}>
          <HostPanel
            live={live}
            sharing={state.sharing}
            incidentUrl={boot.incident_url}
            command={command}
            onShare={(on) => void session.shareScreen(on).catch(() => undefined)}
          />
        </div>
      )}
    </div>
  );
}

/** Asks the adult, beside the pictures and never over them; a screen reader hears it, the focus stays. */
function GrownUpAsk({ asked, onHere }: { asked: boolean; onHere: () => void }) {
  return (
    <>
      <p role="status" class="visually-hidden">
        {asked ? t("grownUpAsk") : ""}
      </p>
      {asked && (
        <div class="ask">
          <p aria-hidden="true">{t("grownUpAsk")}</p>
          <button type="button" class="button big" onClick={onHere}>
            {t("grownUp")}
          </button>
        </div>
      )}
    </>
  );
}

function Frozen({ live, skew }: { live: LiveState; skew: number }) {
  const left = useSecondsLeft(live.meeting.frozen_until, skew);
  const host = live.you.role === "host";
  return (
    <div class="card standstill" role="status">
      <p class="huge" aria-hidden="true">
        ☕
      </p>
      <h2>{host ? "The meeting is paused" : t("frozen")}</h2>
      <p>{host ? "It goes on when a host is in the room and the recorder runs." : t("frozenHint")}</p>
      {left !== null && <p class="quiet">{clock(left)}</p>}
    </div>
  );
}
