import { describe, expect, it } from "vitest";
import { parseLive } from "../src/protocol";
import { arrivals, clock, initial, layout, reduce, secondsLeft, wanted } from "../src/state";

const person = (seat: string, role: "host" | "pupil" = "pupil", floor = false) => ({
  seat,
  label: seat,
  role,
  connected: true,
  floor,
  hand: false,
});

describe("layout", () => {
  const people = [person("teacher", "host"), ...[1, 2, 3, 4, 5, 6].map((n) => person(`p${n}`))];
  it("shows the teacher large while nobody speaks", () => {
    expect(layout(people, "p1", [], 0, 4).stage?.seat).toBe("teacher");
  });
  it("shows the child whose turn it is large, and keeps the teacher on every page", () => {
    const turn = people.map((one) => ({ ...one, floor: one.seat === "p3" }));
    for (const page of [0, 1]) {
      const plan = layout(turn, "p1", ["p2"], page, 4);
      expect(plan.stage?.seat).toBe("p3");
      expect(plan.grid.map((one) => one.seat)).toContain("teacher");
    }
  });
  it("moves nobody on the page when the turn goes on", () => {
    const shown = ["p2", "p3", null].map((holder) =>
      layout(
        people.map((one) => ({ ...one, floor: one.seat === holder })),
        "p1",
        [],
        0,
        9,
      ).shown.map((one) => one.seat),
    );
    expect(shown[1]).toEqual(shown[0]);
    expect(shown[2]).toEqual(shown[0]);
  });
  it("shows a teacher who is alone to themselves", () => {
    const plan = layout([person("teacher", "host")], "teacher", [], 0, 9);
    expect(plan.stage?.seat).toBe("teacher");
    expect(plan.grid).toEqual([]);
  });
  it("shows everybody once over all pages", () => {
    const seen = [0, 1].flatMap((page) => layout(people, "p1", [], page, 4).grid.map((one) => one.seat));
    expect(seen.sort()).toEqual(["p1", "p2", "p3", "p4", "p5", "p6"]);
  });
});

describe("what is sent", () => {
  const own = { cameraOn: true, microphoneOn: false, pupil: true };
  it("a child with the turn presses nothing to speak", () => {
    expect(wanted({ camera: true, microphone: true }, own).microphone).toBe(true);
  });
  it("nothing goes out without the right", () => {
    expect(wanted({ camera: false, microphone: false }, own)).toEqual({ camera: false, microphone: false });
  });
  it("an adult's own switch counts", () => {
    expect(wanted({ camera: true, microphone: true }, { ...own, pupil: false }).microphone).toBe(false);
  });
});

describe("time and arrivals", () => {
  it("counts by the server's clock", () => {
    expect(secondsLeft("2026-11-24T09:01:00Z", Date.parse("2026-11-24T09:00:30Z"), 10_000)).toBe(20);
    expect(secondsLeft(null, 0, 0)).toBeNull();
    expect(clock(1147)).toBe("19:07");
  });
  it("tells each arrival once", () => {
    const known = new Set<string>();
    expect(arrivals(known, [{ seat: "a" }])).toEqual(["a"]);
    expect(arrivals(known, [{ seat: "a" }, { seat: "b" }])).toEqual(["b"]);
  });
});

describe("messages", () => {
  it("takes nothing that is not its own", () => {
    for (const text of ["", "[]", "null", "{}", '{"type":"state"}']) expect(parseLive(text)).toBeNull();
  });
  it("goodbye is final", () => {
    const over = reduce(initial, { type: "closed", message: { type: "closed", why: "ended" } });
    expect(reduce(over, { type: "set", values: { online: false } })).toBe(over);
  });
});
