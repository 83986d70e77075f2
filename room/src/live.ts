// The live socket: it tells this page what changed, and comes back by itself until it is told to stop.

import { type Boot, type Closed, type LiveState, parseLive } from "./protocol";

const FIRST_WAIT = 300;
const LONGEST_WAIT = 1500;
const PING_EVERY = 8000;

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
    const ping = setInterval(() => {
      if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
    }, PING_EVERY);
    let accepted = false;
    socket.onmessage = (event) => {
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
    socket.onclose = () => {
      clearInterval(ping);
      if (finished) return;
      handlers.online(false);
      setTimeout(open, wait);
      wait = Math.min(wait * 1.6, LONGEST_WAIT);
    };
  };
  open();
}
