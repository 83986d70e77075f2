// The media side: one LiveKit room, joined through the app's own origin. What may be sent is the
// server's decision; this only follows it, as fast as the permission event comes.

import {
  ConnectionQuality,
  DisconnectReason,
  type LocalAudioTrack,
  type LocalVideoTrack,
  type Participant,
  type RemoteTrackPublication,
  Room,
  RoomEvent,
  Track,
  VideoPreset,
  VideoQuality,
} from "livekit-client";
import { OPENS_WITHIN } from "./live";
import type { Boot } from "./protocol";
import { type MediaState, type Quality, wanted } from "./state";

const SMALL = new VideoPreset(320, 180, 90_000, 15);
const LARGE = { maxBitrate: 170_000, maxFramerate: 15 };
const RETRY_EVERY = 800;
const GIVE_UP_AFTER = 20_000; // then the room is joined afresh
// LiveKit's numbers for what may be sent, in its permission.
const CAMERA = 1;
const MICROPHONE = 2;
const SCREEN = 3;

export interface SessionEvents {
  media(state: MediaState): void;
  tracks(): void;
  speaking(seats: string[]): void;
  quality(quality: Quality): void;
  soundBlocked(blocked: boolean): void;
  sharing(on: boolean): void;
}

export class Session {
  readonly room: Room;
  private video: LocalVideoTrack | null = null;
  private audio: LocalAudioTrack | null = null;
  private own = { cameraOn: true, microphoneOn: true, pupil: true };
  private shouldRun = false;
  private connecting = false;
  // Neither connected nor about to be. Not `room.state`: where the last media connection fails, livekit-client
  // says that it is connecting anew after it has given up.
  private out = true;
  private saving = false;
  private work: Promise<void> = Promise.resolve();
  private readonly sound: HTMLElement;

  constructor(
    private readonly boot: Boot,
    private readonly events: SessionEvents,
  ) {
    this.own.pupil = boot.role === "pupil";
    this.sound = document.createElement("div");
    this.sound.hidden = true;
    document.body.append(this.sound);
    this.room = new Room({
      adaptiveStream: true,
      dynacast: true,
      disconnectOnPageLeave: true,
      // With one connection each way a turn is heard sooner: no page has to offer before it can receive.
      singlePeerConnection: false,
      stopLocalTrackOnUnpublish: false,
      // The school's server is near and seldom away for long: try again soon, but not all at one moment.
      reconnectPolicy: {
        nextRetryDelayInMs: ({ retryCount, elapsedMs }) => {
          // Lost once more while it is being taken up, or not to be taken up, as when a turn has ended meanwhile:
          // livekit-client would wait 17 s for it.
          const dead = retryCount === 0 && this.room.state !== "connected";
          if (dead || elapsedMs > GIVE_UP_AFTER) return null;
          return (retryCount === 0 ? 0 : 500) + Math.random() * 300;
        },
      },
      publishDefaults: {
        videoCodec: "vp8",
        simulcast: true,
        videoSimulcastLayers: [SMALL],
        videoEncoding: LARGE,
        screenShareEncoding: { maxBitrate: 600_000, maxFramerate: 5 },
        audioPreset: { maxBitrate: 24_000 },
        red: false,
        dtx: true,
        stopMicTrackOnMute: false,
      },
    });
    this.listen();
  }

  private listen(): void {
    const tracks = () => this.events.tracks();
    this.room
      .on(RoomEvent.TrackSubscribed, (track) => {
        if (track.kind === Track.Kind.Audio) this.sound.append(track.attach());
        tracks();
      })
      .on(RoomEvent.TrackUnsubscribed, (track) => {
        if (track.kind === Track.Kind.Audio) this.silence();
        tracks();
      })
      .on(RoomEvent.TrackPublished, tracks)
      .on(RoomEvent.TrackUnpublished, tracks)
      .on(RoomEvent.TrackMuted, tracks)
      .on(RoomEvent.TrackUnmuted, tracks)
      .on(RoomEvent.LocalTrackPublished, tracks)
      .on(RoomEvent.LocalTrackUnpublished, (publication) => {
        if (publication.source === Track.Source.ScreenShare) this.events.sharing(false);
        // The server may take a track away after the right to send it has come back.
        this.follow();
        tracks();
      })
      .on(RoomEvent.ParticipantConnected, tracks)
      .on(RoomEvent.ParticipantDisconnected, tracks)
      .on(RoomEvent.ParticipantPermissionsChanged, (_previous, participant) => {
        if (participant.identity === this.boot.seat) this.follow();
      })
      .on(RoomEvent.ActiveSpeakersChanged, (speakers) =>
        this.events.speaking(speakers.map((speaker) => speaker.identity)),
      )
      .on(RoomEvent.ConnectionQualityChanged, (quality, participant) => {
        if (participant.identity !== this.boot.seat) return;
        const weak = quality === ConnectionQuality.Poor;
        this.events.quality(quality === ConnectionQuality.Lost ? "lost" : weak ? "weak" : "good");
      })
      .on(RoomEvent.AudioPlaybackStatusChanged, () => this.events.soundBlocked(!this.room.canPlaybackAudio))
      .on(RoomEvent.Reconnecting, () => this.events.media("retrying"))
      .on(RoomEvent.SignalReconnecting, () => this.events.media("retrying"))
      .on(RoomEvent.Reconnected, () => {
        this.events.media("on");
        this.follow();
      })
      .on(RoomEvent.Disconnected, (reason) => this.dropped(reason));
  }

  // The library has taken the sound out of its element by the time it tells; the element is ours to remove.
  private silence(): void {
    for (const element of this.sound.querySelectorAll("audio")) if (!element.srcObject) element.remove();
  }

  /** The devices to send from, once they are open. */
  use(video: LocalVideoTrack | null, audio: LocalAudioTrack | null): void {
    this.video = video;
    this.audio = audio;
    this.follow();
  }

  /** The person's own switches. */
  switches(own: { cameraOn: boolean; microphoneOn: boolean }): void {
    this.own = { ...this.own, ...own };
    this.follow();
  }

  /** Be in the room, or out of it; called as often as one likes. Done when the first try is. */
  async run(yes: boolean): Promise<void> {
    if (yes && !this.shouldRun) this.events.media("connecting");
    this.shouldRun = yes;
    if (yes) await this.connect();
    else await this.room.disconnect(true);
  }

  /** Done when the server has answered this page's first try, and after `most` milliseconds in any case. */
  answered(most: number): Promise<unknown> {
    const heard = new Promise<void>((done) => {
      this.room.once(RoomEvent.SignalConnected, () => done()).once(RoomEvent.Disconnected, () => done());
    });
    return Promise.race([heard, new Promise((done) => setTimeout(done, most))]);
  }

  private async connect(): Promise<void> {
    if (this.connecting || !this.out) return;
    this.connecting = true;
    this.out = false;
    try {
      await this.room.connect(location.origin.replace(/^http/, "ws"), this.boot.seat, {
        autoSubscribe: true,
        maxRetries: 0,
        websocketTimeout: OPENS_WITHIN,
      });
      this.events.media("on");
      this.follow();
    } catch {
      this.out = true;
      this.events.media("retrying");
      if (this.shouldRun) setTimeout(() => this.shouldRun && void this.connect(), RETRY_EVERY);
    } finally {
      this.connecting = false;
    }
  }

  private dropped(reason: DisconnectReason | undefined): void {
    this.out = true;
    this.events.tracks();
    if (!this.shouldRun) {
      this.events.media("off");
      return;
    }
    this.events.media("retrying");
    const wait = reason === DisconnectReason.DUPLICATE_IDENTITY ? 8000 : 300;
    setTimeout(() => this.shouldRun && void this.connect(), wait);
  }

  // One change at a time: publishing takes a moment, and rights may change meanwhile.
  private follow(): void {
    this.work = this.work
      .then(() => this.matchRights())
      .catch(() => {
        this.events.tracks();
        // A publication that failed must not leave a child silent through a whole turn.
        if (this.room.state === "connected") setTimeout(() => this.follow(), RETRY_EVERY);
      });
  }

  private may(source: number): boolean {
    const permission = this.room.localParticipant.permissions;
    return Boolean(permission?.canPublish && permission.canPublishSources.includes(source));
  }

  private async matchRights(): Promise<void> {
    if (this.room.state !== "connected") return;
    const want = wanted({ camera: this.may(CAMERA), microphone: this.may(MICROPHONE) }, this.own);
    await this.match(this.audio, Track.Source.Microphone, want.microphone);
    if (await this.match(this.video, Track.Source.Camera, want.camera)) this.chooseQuality();
    if (!this.may(SCREEN)) await this.shareScreen(false);
  }

  /** Answers whether it began to send. */
  private async match(
    track: LocalAudioTrack | LocalVideoTrack | null,
    source: Track.Source,
    want: boolean,
  ): Promise<boolean> {
    const local = this.room.localParticipant;
    const publication = local.getTrackPublication(source);
    if (want && track && !publication) {
      if (track.isMuted) await track.unmute();
      await local.publishTrack(track, { source });
      return true;
    }
    if (!want && publication?.track) await local.unpublishTrack(publication.track, false);
    return false;
  }

  private chooseQuality(): void {
    if (this.room.localParticipant.getTrackPublication(Track.Source.Camera)) {
      this.video?.setPublishingQuality(this.saving ? VideoQuality.LOW : VideoQuality.HIGH);
    }
  }

  async shareScreen(on: boolean): Promise<void> {
    const local = this.room.localParticipant;
    if (!on && !local.getTrackPublication(Track.Source.ScreenShare)) return;
    await local.setScreenShareEnabled(on, { audio: false, contentHint: "detail" });
    this.events.sharing(on);
  }

  startSound(): void {
    void this.room.startAudio();
  }

  /** The video that `seat` sends, to be attached to an element. */
  videoOf(seat: string, source: Track.Source = Track.Source.Camera): Track | null {
    const who: Participant | undefined =
      seat === this.boot.seat ? this.room.localParticipant : this.room.remoteParticipants.get(seat);
    const publication = who?.getTrackPublication(source);
    return publication?.track && !publication.isMuted ? publication.track : null;
  }

  /** The seat that shares a screen, if any. */
  sharer(): string | null {
    for (const participant of [this.room.localParticipant, ...this.room.remoteParticipants.values()]) {
      if (participant.getTrackPublication(Track.Source.ScreenShare)) return participant.identity;
    }
    return null;
  }

  /** Receive the pictures of these seats and no others; with `saving` small ones, and send a small one. */
  show(seats: Set<string>, saving: boolean): void {
    for (const participant of this.room.remoteParticipants.values()) {
      for (const publication of participant.trackPublications.values()) {
        // What is said about a track before the server has subscribed us to it is lost.
        if (publication.kind !== Track.Kind.Video || !publication.track) continue;
        const remote = publication as RemoteTrackPublication;
        remote.setEnabled(seats.has(participant.identity));
        if (saving) remote.setVideoQuality(VideoQuality.LOW);
      }
    }
    if (saving !== this.saving) {
      this.saving = saving;
      this.chooseQuality();
    }
  }

  /** Goodbye: everything stops, and the camera's light goes out. */
  end(): void {
    this.shouldRun = false;
    void this.room.disconnect(true);
    this.video?.stop();
    this.audio?.stop();
  }
}
