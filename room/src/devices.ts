// The child's own camera and microphone: opened once, kept until goodbye.

import {
  createLocalAudioTrack,
  createLocalVideoTrack,
  type LocalAudioTrack,
  type LocalVideoTrack,
} from "livekit-client";
import type { DeviceState } from "./state";

const VIRTUAL =
  /\b(obs|snap camera|manycam|xsplit|mmhmm|camo|ndi|v4l2 ?loopback|droidcam|e2esoft|prism|virtual)\b/i;

export interface Devices {
  video: LocalVideoTrack | null;
  audio: LocalAudioTrack | null;
}

function stateOf(error: unknown): DeviceState {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "missing";
}

const chosen = (kind: string) => sessionStorage.getItem(`circletime-${kind}`) ?? undefined;

export async function openCamera(): Promise<{ track: LocalVideoTrack | null; state: DeviceState }> {
  try {
    const track = await createLocalVideoTrack({
      deviceId: chosen("camera"),
      facingMode: "user",
      resolution: { width: 640, height: 360, frameRate: 15 },
    });
    return { track, state: "on" };
  } catch (error) {
    return { track: null, state: stateOf(error) };
  }
}

export async function openMicrophone(): Promise<{ track: LocalAudioTrack | null; state: DeviceState }> {
  try {
    const track = await createLocalAudioTrack({
      deviceId: chosen("microphone"),
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
    });
    return { track, state: "on" };
  } catch (error) {
    return { track: null, state: stateOf(error) };
  }
}

/** What the browser reveals about a camera that is no plain camera (P5), as kind and detail. */
export function oddities(track: MediaStreamTrack): { kind: "virtual_camera" | "blur"; detail: string }[] {
  const found: { kind: "virtual_camera" | "blur"; detail: string }[] = [];
  if (VIRTUAL.test(track.label)) found.push({ kind: "virtual_camera", detail: track.label });
  const settings = track.getSettings() as MediaTrackSettings & { backgroundBlur?: boolean };
  if (settings.backgroundBlur === true) found.push({ kind: "blur", detail: "" });
  return found;
}

/** Follow a microphone's loudness, 0 to 1, about fifteen times a second. Returns how to stop. */
export function meter(track: MediaStreamTrack, show: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  const source = context.createMediaStreamSource(new MediaStream([track]));
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
    show(Math.min(1, Math.sqrt(power) * 5));
  }, 66);
  return () => {
    clearInterval(timer);
    source.disconnect();
    void context.close();
  };
}

/** Two soft notes for somebody at the door. */
export function chime(): void {
  const context = new AudioContext();
  for (const [index, frequency] of [660, 880].entries()) {
    const at = context.currentTime + index * 0.16;
    const note = context.createOscillator();
    const volume = context.createGain();
    note.frequency.value = frequency;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.08, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.35);
    note.connect(volume).connect(context.destination);
    note.start(at);
    note.stop(at + 0.4);
  }
  setTimeout(() => void context.close(), 900);
}
