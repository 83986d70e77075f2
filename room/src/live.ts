// The live socket: it tells this page what changed, and comes back by itself until it is told to stop.

import { type Boot, type Closed, type LiveState, parseLive } from "./protocol";

const FIRST_WAIT = 300;
const LONGEST_WAIT = 1500;
const PING_EVERY = 8000;
// A line that is cut tells nobody, and a browser waits on it for minutes. What got lost in a moment without a
// line has come by then.
const ANSWERED_WITHIN = 6000;
// An opening that got lost is sent again ever more seldom, and the line may be back long before.
export const OPENS_WITHIN = 8000;

export interface LiveHandlers {
  state(message: LiveState): void;
  closed(message: Closed): void;
  online(yes: boolean): void;
}

export function follow(boot: Boot, handlers: LiveHandlers): void {
  let wait = FIRST_WAIT;
  let finished = false;
  let newest = 0;

  const open = () => {
    const socket = new WebSocket(location.origin.replace(/^http/, "ws") + boot.live);
    let accepted = false;
    let over = false;
    const gone = () => {
      if (over) return;
      over = true;
      clearInterval(ping);
      clearTimeout(silent);
      socket.close();
      if (finished) return;
      handlers.online(false);
      setTimeout(open, wait);
      wait = Math.min(wait * 1.6, LONGEST_WAIT);
    };
    let silent = setTimeout(gone, OPENS_WITHIN);
    const ping = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.send('{"type":"ping"}');
      silent = setTimeout(gone, ANSWERED_WITHIN);
    }, PING_EVERY);
    socket.onopen = () => clearTimeout(silent);
    socket.onclose = gone;
    socket.onmessage = (event) => {
      if (over) return;
      clearTimeout(silent);
      const message = parseLive(String(event.data));
      if (message === null || message.type === "pong") return;
      if (!accepted) {
        accepted = true;
        wait = FIRST_WAIT;
        newest = 0;
        handlers.online(true);
      }
      if (message.type === "closed") {
        finished = true;
        handlers.closed(message);
      } else if (message.v >= newest) {
        newest = message.v;
        handlers.state(message);
      }
    };
  };
  open();
}
