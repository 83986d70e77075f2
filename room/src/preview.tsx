// Before a meeting, on a staff page: see yourself and hear that the microphone works (S1).

import type { LocalAudioTrack, LocalVideoTrack } from "livekit-client";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { openCamera, openMicrophone } from "./devices";
import "./room.css";
import type { DeviceState } from "./state";
import { OwnPicture } from "./view/OwnPicture";

function Preview() {
  const [video, setVideo] = useState<LocalVideoTrack | null>(null);
  const [audio, setAudio] = useState<LocalAudioTrack | null>(null);
  const [camera, setCamera] = useState<DeviceState>("asking");
  const [microphone, setMicrophone] = useState<DeviceState>("asking");
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([]);
  useEffect(() => {
    const open = async () => {
      const [picture, sound] = await Promise.all([openCamera(), openMicrophone()]);
      setVideo(picture.track);
      setAudio(sound.track);
      setCamera(picture.state);
      setMicrophone(sound.state);
      setDevices(await navigator.mediaDevices.enumerateDevices());
    };
    void open();
  }, []);
  const pick = (kind: "camera" | "microphone", id: string) => {
    sessionStorage.setItem(`circletime-${kind}`, id);
    video?.stop();
    audio?.stop();
    location.reload();
  };
  const choice = (kind: "camera" | "microphone", label: string) => {
    const found = devices.filter((one) => one.kind === (kind === "camera" ? "videoinput" : "audioinput"));
    if (found.length < 2) return null;
    return (
      <p class="field">
        <label for={`pick-${kind}`}>{label}</label>
        <select id={`pick-${kind}`} onChange={(event) => pick(kind, event.currentTarget.value)}>
          {found.map((one) => (
            <option
              key={one.deviceId}
              value={one.deviceId}
              selected={one.deviceId === sessionStorage.getItem(`circletime-${kind}`)}
            >
              {one.label || label}
            </option>
          ))}
        </select>
      </p>
    );
  };
  return (
    <>
      <OwnPicture video={video} audio={audio} camera={camera} microphone={microphone} />
      {choice("camera", "Camera")}
      {choice("microphone", "Microphone")}
    </>
  );
}

const place = document.getElementById("preview");
if (place) render(<Preview />, place);
