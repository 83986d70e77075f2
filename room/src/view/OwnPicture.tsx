import type { LocalAudioTrack, LocalVideoTrack } from "livekit-client";
import { useEffect, useRef, useState } from "preact/hooks";
import { meter } from "../devices";
import type { DeviceState } from "../state";
import { deviceHelp, words } from "../strings";

interface Props {
  video: LocalVideoTrack | null;
  audio: LocalAudioTrack | null;
  camera: DeviceState;
  microphone: DeviceState;
}

/** A person's own picture and a bar that moves with their voice; plain help where either is missing. */
export function OwnPicture({ video, audio, camera, microphone }: Props) {
  const element = useRef<HTMLVideoElement>(null);
  const [level, setLevel] = useState(0);
  useEffect(() => {
    const target = element.current;
    if (!target || !video) return;
    video.attach(target);
    return () => {
      video.detach(target);
    };
  }, [video]);
  useEffect(() => (audio ? meter(audio.mediaStreamTrack, setLevel) : undefined), [audio]);
  const trouble = camera !== "on" ? camera : microphone !== "on" ? microphone : null;
  return (
    <div class="own">
      <div class="own-picture">
        {video ? (
          <video ref={element} class="mirrored" autoPlay playsInline muted aria-label={words.cameraPicture} />
        ) : (
          <span class="initial" aria-hidden="true">
            🙂
          </span>
        )}
      </div>
      {audio && (
        <div class="meter-row">
          <p>{words.sayHello}</p>
          <meter class="meter" min={0} max={1} value={level} aria-label={words.microphone} />
        </div>
      )}
      {trouble && (
        <div class="help">
          <p>
            <strong>{words.help[trouble]}</strong>
          </p>
          {trouble === "denied" && <p>{deviceHelp(navigator.userAgent)}</p>}
        </div>
      )}
    </div>
  );
}
