// The entry: ties the live socket, the media session, the devices and the view together.

import type { LocalAudioTrack, LocalVideoTrack } from "livekit-client";
import { render } from "preact";
import { chime, oddities, openCamera, openMicrophone } from "./devices";
import { follow, type LiveHandlers } from "./live";
import { type Boot, CommandRefused, send } from "./protocol";
import "./room.css";
import { Session } from "./session";
import { type Action, type AppState, arrivals, initial, reduce } from "./state";
import { App } from "./view/App";

const boot = JSON.parse(document.getElementById("boot")?.textContent ?? "{}") as Boot;
const root = document.getElementById("room") as HTMLElement;

let state: AppState = initial;
let video: LocalVideoTrack | null = null;
let audio: LocalAudioTrack | null = null;
let painting = false;
const MEDIA_FIRST = 400; // milliseconds, at most
const atTheDoor = new Set<string>();
const reported = new Set<string>();

const session = new Session(boot, {
  media: (media) => set({ media }),
  tracks: () => act({ type: "tracks" }),
  speaking: (speaking) => set({ speaking }),
  quality: (quality) => set({ quality }),
  soundBlocked: (soundBlocked) => set({ soundBlocked }),
  sharing: (sharing) => set({ sharing }),
});

function act(action: Action): void {
  const before = state;
  state = reduce(state, action);
  if (state !== before && !painting) {
    painting = true;
    setTimeout(paint); // and not with the next frame: a page in the background gets none, but has to follow
  }
}

function set(values: Partial<AppState>): void {
  act({ type: "set", values });
  if ("cameraOn" in values || "microphoneOn" in values) {
    session.switches({ cameraOn: state.cameraOn, microphoneOn: state.microphoneOn });
  }
}

function paint(): void {
  painting = false;
  render(
    <App
      boot={boot}
      state={state}
      session={session}
      video={video}
      audio={audio}
      set={set}
      command={command}
    />,
    root,
  );
}

async function command(verb: string, body: Record<string, unknown> = {}): Promise<void> {
  try {
    await send(boot, verb, body);
  } catch (error) {
    if (error instanceof CommandRefused) set({ toast: error.message });
    else throw error;
  }
}

function tellOddities(): void {
  if (!video) return;
  for (const oddity of oddities(video.mediaStreamTrack)) {
    const key = `${oddity.kind} ${oddity.detail}`;
    if (reported.has(key)) continue;
    reported.add(key);
    void send(boot, "notice", { ...oddity }).catch(() => reported.delete(key));
  }
}

async function openDevices(): Promise<void> {
  const [camera, microphone] = await Promise.all([openCamera(), openMicrophone()]);
  video = camera.track;
  audio = microphone.track;
  session.use(video, audio);
  set({ camera: camera.state, microphone: microphone.state });
  tellOddities();
  video?.mediaStreamTrack.addEventListener("configurationchange", tellOddities);
}

// Who comes back sees the class first: opening a camera takes as long as joining does.
const answered = boot.admitted ? session.answered(MEDIA_FIRST) : Promise.resolve();
const joined = boot.admitted ? session.run(true) : Promise.resolve();
void joined.finally(openDevices);
const handlers: LiveHandlers = {
  state(message) {
    act({ type: "live", message, at: Date.now() });
    const here = message.you.state === "admitted" && message.meeting.state !== "open";
    void session.run(here);
    if (message.host && arrivals(atTheDoor, message.host.waiting).length > 0) chime();
  },
  closed(message) {
    act({ type: "closed", message });
    session.end();
  },
  online: (online) => set({ online }),
};
// Two sockets asked for at once wait for each other, and it is the picture that is waited for.
void answered.then(() => follow(boot, handlers));
set({});
