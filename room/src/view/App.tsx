import type { LocalAudioTrack, LocalVideoTrack } from "livekit-client";
import type { Boot } from "../protocol";
import type { Session } from "../session";
import type { AppState } from "../state";
import { words } from "../strings";
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
            Close
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
      <h1>Hello, {boot.label}!</h1>
      <OwnPicture video={video} audio={audio} camera={state.camera} microphone={state.microphone} />
      <p role="status" class="waiting-line">
        {boot.role === "pupil" ? words.waiting : words.waitingStaff}
      </p>
      <p class="quiet">{state.online ? words.waitingHint : words.back}</p>
      <button type="button" class="button quiet" onClick={() => command("leave")}>
        {words.leave}
      </button>
    </main>
  );
}

function Goodbye({ boot, state }: AppProps) {
  const closed = state.closed;
  if (!closed) return null;
  return (
    <main class="card goodbye">
      <p class="huge" aria-hidden="true">
        👋
      </p>
      <h1>{words.goodbye[closed.why]}</h1>
      <p role="status">{closed.text}</p>
      <p>
        <a class="button" href={boot.leave_url}>
          {words.goBack}
        </a>
      </p>
    </main>
  );
}
