import { Track } from "livekit-client";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Person } from "../protocol";
import type { Session } from "../session";
import { t } from "../strings";
import { Icon } from "./Icon";

interface Props {
  person: Person;
  session: Session;
  mine: boolean;
  mark: string;
  large?: boolean;
  speaking: boolean;
  screen?: boolean;
}

/** One person: the picture, always the name, and the viewer's own mark over it (P3, S2). */
export function Tile({ person, session, mine, mark, large, speaking, screen }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const source = screen ? Track.Source.ScreenShare : Track.Source.Camera;
  const track = session.videoOf(person.seat, source);
  useLayoutEffect(() => {
    const element = video.current;
    if (!element || !track) return;
    track.attach(element);
    return () => {
      track.detach(element);
    };
  }, [track]);
  const classes = ["tile"];
  if (large) classes.push("large");
  if (speaking || person.floor) classes.push("speaking");
  if (person.floor) classes.push("floor");
  return (
    <div role="group" aria-label={person.label} class={classes.join(" ")} data-role={person.role}>
      {track ? (
        <video ref={video} class={mine && !screen ? "mirrored" : ""} autoPlay playsInline muted />
      ) : (
        <span class="initial" aria-hidden="true">
          {person.label.slice(0, 1)}
        </span>
      )}
      <span class="mark" aria-hidden="true">
        {mark}
      </span>
      <span class="name">
        {person.hand && <Icon name="hand" />}
        {person.label}
        {!person.connected && <span class="sub"> · {t("away")}</span>}
      </span>
    </div>
  );
}
