import { useState } from "preact/hooks";
import type { LiveState, PupilRow } from "../protocol";
import { t, words } from "../strings";
import { Children } from "./Children";
import { Dialog } from "./Dialog";

interface Props {
  live: LiveState;
  sharing: boolean;
  incidentUrl: string;
  command: (verb: string, body?: Record<string, unknown>) => void;
  onShare: (on: boolean) => void;
}

type Asking = { kind: "end" } | { kind: "abort" } | { kind: "remove"; row: PupilRow } | null;

/** Everything a host does: the door, hands and turns, each child, the screen, and the end. */
export function HostPanel({ live, sharing, incidentUrl, command, onShare }: Props) {
  const [asking, setAsking] = useState<Asking>(null);
  const host = live.host;
  if (!host) return null;
  const { meeting } = live;
  const holder = live.people.find((person) => person.seat === meeting.floor);
  const sharingOn = meeting.screen_sharing?.on ?? false;
  // The server lets nobody in before a host's own picture and sound stand (T1).
  const hostIn =
    meeting.state !== "live" || live.people.some((person) => person.role === "host" && person.connected);
  const upNext = live.people.find((person) => person.seat === meeting.circle?.next);
  return (
    <aside class="panel" aria-label={words.panel}>
      <section>
        <h2 id="door">
          {words.waitingRoom} {host.waiting.length > 0 && <span class="count">{host.waiting.length}</span>}
        </h2>
        {host.waiting.length > 0 && (
          <button
            type="button"
            class="button wide"
            disabled={!hostIn}
            onClick={() => command("admit-expected")}
          >
            {words.admitAll}
          </button>
        )}
        <ul aria-labelledby="door">
          {host.waiting.map((one) => (
            <li key={one.seat}>
              <span>
                {one.label}
                {(one.note || one.back) && <small>{one.note ?? "Back from another device"}</small>}
              </span>
              <button
                type="button"
                class="button small"
                aria-label={words.admit(one.label)}
                disabled={!hostIn}
                onClick={() => command("admit", { seat: one.seat })}
              >
                Admit
              </button>
            </li>
          ))}
        </ul>
        {host.waiting.length === 0 && <p class="quiet">{words.nobodyWaits}</p>}
        {host.waiting.length > 0 && !hostIn && <p class="quiet">{words.connectingFirst}</p>}
      </section>

      <section>
        <h2 id="hands">
          {words.hands} {host.hands.length > 0 && <span class="count">{host.hands.length}</span>}
        </h2>
        {holder && (
          <p class="holder">
            <span>
              <strong>{holder.label}</strong> is speaking
            </span>
            <button type="button" class="button small" onClick={() => command("end-turn")}>
              {words.endTurn}
            </button>
          </p>
        )}
        <ol aria-labelledby="hands">
          {host.hands.map((one) => (
            <li key={one.seat}>
              <span>{one.label}</span>
              <button
                type="button"
                class="button small"
                aria-label={words.giveTurn(one.label)}
                onClick={() => command("give-turn", { seat: one.seat })}
              >
                Give a turn
              </button>
            </li>
          ))}
        </ol>
        {host.hands.length === 0 && !holder && <p class="quiet">{words.noHands}</p>}
        <div class="row">
          <label class="switch">
            <input
              type="checkbox"
              role="switch"
              checked={meeting.circle?.on ?? false}
              aria-checked={meeting.circle?.on ?? false}
              onChange={(event) => command("circle", { on: event.currentTarget.checked })}
            />
            {words.circle}
          </label>
          {meeting.circle?.on && (
            <button type="button" class="button small" onClick={() => command("next-turn")}>
              {words.nextTurn}
              {upNext ? `: ${upNext.label}` : ""}
            </button>
          )}
        </div>
        {host.not_spoken.length > 0 && (
          <p class="names">
            <strong>{words.notSpoken}:</strong> {host.not_spoken.join(", ")}
          </p>
        )}
        {host.pupils.length > 0 && host.not_spoken.length === 0 && <p class="quiet">{words.everyoneSpoke}</p>}
      </section>

      <Children
        live={live}
        host={host}
        command={command}
        onRemove={(row) => setAsking({ kind: "remove", row })}
      />

      <section>
        <div class="row">
          <label class="switch">
            <input
              type="checkbox"
              role="switch"
              checked={sharingOn}
              aria-checked={sharingOn}
              onChange={(event) => command("screen-sharing", { on: event.currentTarget.checked, seat: null })}
            />
            {words.screenSharing}
          </label>
          <button
            type="button"
            class="button small"
            disabled={!live.you.rights.screen}
            onClick={() => onShare(!sharing)}
          >
            {t(sharing ? "stopSharing" : "shareScreen")}
          </button>
        </div>
      </section>

      {host.notices.length > 0 && (
        <section>
          <h2 id="notices">{words.notices}</h2>
          <ul aria-labelledby="notices" class="notices">
            {host.notices.slice(0, 8).map((notice) => (
              <li key={notice.id}>{notice.text}</li>
            ))}
          </ul>
        </section>
      )}

      <section class="ending">
        <a class="button quiet wide" href={incidentUrl} target="_blank" rel="noopener" title={words.newTab}>
          {words.reportIncident}
        </a>
        <button type="button" class="button wide" onClick={() => setAsking({ kind: "end" })}>
          {words.endMeeting}
        </button>
        <button type="button" class="button quiet wide" onClick={() => setAsking({ kind: "abort" })}>
          {words.abortMeeting}
        </button>
      </section>

      {asking?.kind === "end" && (
        <Dialog
          title="End the meeting for everybody?"
          confirm="End now"
          onConfirm={() => command("end")}
          onClose={() => setAsking(null)}
        />
      )}
      {asking?.kind === "abort" && (
        <Dialog
          title="Break the meeting off?"
          confirm="Abort now"
          danger
          atOnce
          reasons={words.abortReasons}
          label="Why does the meeting stop? Press a reason, or write it in other words."
          onConfirm={(reason) => command("abort", { reason })}
          onClose={() => setAsking(null)}
        >
          <p>
            Everybody leaves at once. Families are told why and when the next meeting is, so name no child.
          </p>
        </Dialog>
      )}
      {asking?.kind === "remove" && (
        <Dialog
          title={`Remove ${asking.row.label}?`}
          confirm="Remove now"
          danger
          reasons={["Behaviour", "Not dressed or placed suitably", "Asked to go"]}
          label="Why? This is kept in the register."
          onConfirm={(reason) => command("remove", { seat: asking.row.seat, reason })}
          onClose={() => setAsking(null)}
        >
          <p>{asking.row.label} cannot come back into this meeting.</p>
        </Dialog>
      )}
    </aside>
  );
}
