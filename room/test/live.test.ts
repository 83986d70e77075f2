import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { follow } from "../src/live";
import type { Boot } from "../src/protocol";

const STATE = JSON.stringify({ type: "state", v: 1, you: {}, meeting: {} });

/** A socket as a browser on a cut line has it: nothing comes, and nobody says so. */
class Wire {
  static readonly OPEN = 1;
  static made: Wire[] = [];
  readyState = 0;
  sent: string[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor() {
    Wire.made.push(this);
  }
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.closed = true;
  }
  opens() {
    this.readyState = 1;
    this.onopen?.();
    this.says(STATE);
  }
  says(data: string) {
    this.onmessage?.({ data });
  }
}

describe("the live socket", () => {
  const online = vi.fn();
  const newest = () => Wire.made[Wire.made.length - 1] as Wire;
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", Wire);
    vi.stubGlobal("location", { origin: "https://meet.larkfield.example" });
    Wire.made = [];
    online.mockReset();
    follow({ live: "/live/a" } as Boot, { state: () => {}, closed: () => {}, online });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("stays as long as its pings are answered", () => {
    newest().opens();
    for (let minute = 0; minute < 60; minute++) {
      const before = newest().sent.length;
      vi.advanceTimersByTime(1000);
      if (newest().sent.length > before) newest().says('{"type":"pong"}');
    }
    expect(Wire.made.length).toBe(1);
    expect(newest().sent.length).toBe(7);
    expect(online.mock.calls).toEqual([[true]]);
  });

  it("is opened anew when a ping is not answered, though nobody closed it", () => {
    const first = newest();
    first.opens();
    vi.advanceTimersByTime(15_000);
    expect(first.closed).toBe(true);
    expect(Wire.made.length).toBe(2);
    expect(online.mock.calls).toEqual([[true], [false]]);
    first.onclose?.(); // the browser says so half a minute later
    vi.advanceTimersByTime(2000);
    expect(Wire.made.length).toBe(2);
  });

  it("is asked for again and again while the line is cut, and is there soon after", () => {
    newest().opens();
    let left = 0;
    for (let second = 0; second < 60; second++) {
      const before = Wire.made.length;
      vi.advanceTimersByTime(1000);
      left = Wire.made.length > before ? 0 : left + 1;
      if (second > 15) expect(left).toBeLessThan(10);
    }
    expect(Wire.made.slice(0, -1).every((one) => one.closed)).toBe(true);
    while (newest().closed) vi.advanceTimersByTime(100);
    newest().opens();
    expect(online.mock.lastCall).toEqual([true]);
  });

  it("is not opened again after goodbye", () => {
    newest().opens();
    newest().says('{"type":"closed","why":"removed"}');
    newest().onclose?.();
    vi.advanceTimersByTime(60_000);
    expect(Wire.made.length).toBe(1);
  });
});
