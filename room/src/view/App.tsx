import type { LocalAudioTrack, LocalVideoTrack } from "livekit-client";
import type { Boot, ClosedWhy } from "../protocol";
import type { Session } from "../session";
import type { AppState } from "../state";
import { t, type Words } from "../strings";
import { OwnPicture } from "./OwnPicture";
import { RoomView } from "./RoomView";

export interface AppProps {
  boot: Boot;
  state: AppState;
  session: Session;
  video: LocalVideoTrack | null;
  audio: LocalAudioTrack | null;
  set: (values: Partial<AppState>) => void;
  command: (verb: string, body?: Record<string, unknown>) => void;
}

/** The page: waiting, meeting, or goodbye. */
export function App(props: AppProps) {
  const { state, set } = props;
  return (
    <>
      {state.closed ? (
        <Goodbye {...props} />
      ) : state.live?.you.state === "admitted" ? (
        <RoomView {...props} live={state.live} />
      ) : (
        <Waiting {...props} />
      )}
      {state.toast && (
        <p class="toast" role="alert">
          {state.toast}
          <button type="button" class="button small quiet" onClick={() => set({ toast: null })}>
            {t("close")}
          </button>
        </p>
      )}
    </>
  );
}

function Waiting({ boot, state, video, audio, command }: AppProps) {
  return (
    <main class="card waiting">
      <p class="purpose">
        {boot.class_name} · {boot.purpose}
      </p>
      <h1>{t("hello", { name: boot.label })}</h1>
      <OwnPicture video={video} audio={audio} camera={state.camera} microphone={state.microphone} />
      <p role="status" class="waiting-line">
        {t(boot.role === "pupil" ? "waiting" : "waitingHost")}
      </p>
      <p class="quiet">{t(state.online ? "waitingHint" : "back")}</p>
      <button type="button" class="button quiet" onClick={() => command("leave")}>
        {t("leave")}
      </button>
      {boot.language_url && (
        <p class="languages">
          <a href={boot.language_url}>
            <svg class="globe" aria-hidden="true" viewBox="0 0 20 20">
              <path d="M2 10a8 8 0 1 0 16 0a8 8 0 1 0-16 0h16M10 2c5 5 5 11 0 16M10 2c-5 5-5 11 0 16" />
            </svg>{" "}
            {t("language")}
            {!document.documentElement.lang.startsWith("en") && (
              <span lang="en" dir="ltr">
                {" (Language)"}
              </span>
            )}
          </a>
        </p>
      )}
    </main>
  );
}

const FAREWELLS: Record<ClosedWhy, [Words, Words]> = {
  ended: ["goodbyeEnded", "closedEnded"],
  aborted: ["goodbyeAborted", "closedAborted"],
  removed: ["goodbyeRemoved", "closedRemoved"],
  elsewhere: ["goodbyeElsewhere", "closedElsewhere"],
  cancelled: ["goodbyeCancelled", "closedCancelled"],
  left: ["goodbyeLeft", "closedLeft"],
  refused: ["goodbyeRefused", "closedRefused"],
};

function Goodbye({ boot, state }: AppProps) {
  const closed = state.closed;
  if (!closed) return null;
  return (
    <main class="card goodbye">
      <p class="huge" aria-hidden="true">
        👋
      </p>
      <h1>{t(FAREWELLS[closed.why][0])}</h1>
      <p role="status">{t(FAREWELLS[closed.why][1])}</p>
      <p>
        <a class="button" href={boot.leave_url}>
          {t("goBack")}
        </a>
      </p>
    </main>
  );
}
