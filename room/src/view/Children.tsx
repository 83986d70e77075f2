import { useState } from "preact/hooks";
import type { HostView, LiveState, PupilRow } from "../protocol";
import { words } from "../strings";

interface Props {
  live: LiveState;
  host: HostView;
  command: (verb: string, body?: Record<string, unknown>) => void;
  onRemove: (row: PupilRow) => void;
}

/** Everybody in the room, one line each: who had a turn, and what a host can do for or about them. */
export function Children({ live, host, command, onRemove }: Props) {
  const [opened, setOpened] = useState<string | null>(null);
  const sharingOn = live.meeting.screen_sharing?.on ?? false;
  const handUp = new Set(host.hands.map((one) => one.seat));
  return (
    <section>
      <h2 id="inside">
        {words.children} <span class="count calm">{host.pupils.length}</span>
      </h2>
      <ul aria-labelledby="inside">
        {host.pupils.map((row) => {
          const person = live.people.find((one) => one.seat === row.seat);
          // Whose hand is up has the button in that list; one name on the page is enough.
          const mayGive = person?.role === "pupil" && !person.floor && !handUp.has(row.seat);
          const open = opened === row.seat;
          return (
            <li key={row.seat} class="pupil">
              <span class="who">
                {row.label}
                <small>{summary(row, person?.role === "pupil")}</small>
                {row.notes.map((note) => (
                  <small key={note} class="warn">
                    {note}
                  </small>
                ))}
              </span>
              {mayGive && (
                <button
                  type="button"
                  class="button small quiet"
                  aria-label={words.giveTurn(row.label)}
                  disabled={!row.connected}
                  onClick={() => command("give-turn", { seat: row.seat })}
                >
                  Turn
                </button>
              )}
              <button
                type="button"
                class="button icon quiet"
                aria-expanded={open}
                aria-label={words.more(row.label)}
                title={words.more(row.label)}
                onClick={() => setOpened(open ? null : row.seat)}
              >
                <span aria-hidden="true">•••</span>
              </button>
              <button
                type="button"
                class="button icon danger"
                aria-label={words.remove(row.label)}
                title={words.remove(row.label)}
                onClick={() => onRemove(row)}
              >
                <span aria-hidden="true">✕</span>
              </button>
              {open && (
                <div class="menu">
                  <button
                    type="button"
                    class="button small quiet"
                    onClick={() => command("camera", { seat: row.seat, on: !row.camera_allowed })}
                  >
                    {row.camera_allowed ? words.cameraOff(row.label) : words.cameraAllow(row.label)}
                  </button>
                  {sharingOn && (
                    <button
                      type="button"
                      class="button small quiet"
                      onClick={() => command("screen-sharing", { on: true, seat: row.seat })}
                    >
                      {words.letShare(row.label)}
                    </button>
                  )}
                  <button
                    type="button"
                    class="button small quiet"
                    onClick={() => command("send-back", { seat: row.seat })}
                  >
                    {words.sendBack(row.label)}
                  </button>
                </div>
              )}
            </li>
          );
        })}
      </ul>
      {host.missing.length > 0 && (
        <p class="names">
          <strong>{words.missing}:</strong> {host.missing.join(", ")}
        </p>
      )}
      {host.grown_ups.asked_at && host.pupils.length > 0 && (
        <p class="names">
          {host.grown_ups.silent.length > 0 ? (
            <>
              <strong>{words.grownUpsSilent}:</strong> {host.grown_ups.silent.join(", ")}
            </>
          ) : (
            words.grownUpsAllThere
          )}
        </p>
      )}
      <button type="button" class="button quiet wide" onClick={() => command("ask-grown-ups")}>
        {words.askGrownUps}
      </button>
    </section>
  );
}

function summary(row: PupilRow, pupil: boolean): string {
  const parts = [];
  if (pupil) {
    const turns = row.turns === 0 ? "no turn yet" : row.turns === 1 ? "1 turn" : `${row.turns} turns`;
    parts.push(row.seconds > 0 ? `${turns} · ${row.seconds} s` : turns);
  }
  if (!row.connected) parts.push("away");
  if (pupil && !row.grown_up) parts.push("grown-up not answered");
  return parts.join(" · ");
}
