import type { LocalAudioTrack, LocalVideoTrack } from "livekit-client";
import { useEffect, useRef, useState } from "preact/hooks";
import { meter } from "../devices";
import type { DeviceState } from "../state";
import { deviceHelp, t, type Words } from "../strings";

interface Props {
  video: LocalVideoTrack | null;
  audio: LocalAudioTrack | null;
  camera: DeviceState;
  microphone: DeviceState;
}

const HELP: Record<Exclude<DeviceState, "on">, Words> = {
  asking: "helpAsking",
  denied: "helpDenied",
  missing: "helpMissing",
  busy: "helpBusy",
};

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
          <video ref={element} class="mirrored" autoPlay playsInline muted aria-label={t("cameraPicture")} />
        ) : (
          <span class="initial" aria-hidden="true">
            🙂
          </span>
        )}
      </div>
      {audio && (
        <div class="meter-row">
          <p>{t("sayHello")}</p>
          <meter class="meter" min={0} max={1} value={level} aria-label={t("microphone")} />
        </div>
      )}
      {trouble && (
        <div class="help">
          <p>
            <strong>{t(HELP[trouble])}</strong>
          </p>
          {trouble === "denied" && <p>{deviceHelp(navigator.userAgent)}</p>}
        </div>
      )}
    </div>
  );
}
