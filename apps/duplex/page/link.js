// A WebSocket that comes back: when it is lost it is dialled again, each time after a longer pause,
// and after a random part of it, so that the tabs of a restarted server do not all come at once.

const PAUSE_MS_MIN = 500;
const PAUSE_MS_MAX = 20_000;
/** A connection that held for this long was a good one: the next pause is short again. */
const GOOD_MS = 5_000;

/** This page's own server, as a WebSocket URL. */
export function socketUrl(path) {
  const url = new URL(path, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

export class Link {
  #handlers;
  #path;
  #socket = null;
  #timer = 0;
  #pause = PAUSE_MS_MIN;
  #openedAt = 0;
  #wanted = false;

  /**
   * `path` is a function, asked at each attempt. `handlers` has `message(event)`, and may have
   * `open()`, `close(event)` and `state(state, text)`.
   */
  constructor(path, handlers) {
    this.#path = path;
    this.#handlers = handlers;
    addEventListener("online", () => this.#wanted && !this.#socket && this.#dial());
    addEventListener("pagehide", () => this.#hangUp());
    addEventListener("pageshow", (event) => {
      if (event.persisted && this.#wanted && !this.#socket) this.#dial();
    });
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  open() {
    this.#wanted = true;
    if (!this.#socket) this.#dial();
  }

  close(code = 1000, reason = "") {
    this.#wanted = false;
    clearTimeout(this.#timer);
    if (this.#socket) this.#hangUp(code, reason);
    else this.#tell("closed", "closed");
  }

  /** Not before it is open: browsers report a handshake that is broken off as an error. */
  #hangUp(code = 1000, reason = "") {
    const socket = this.#socket;
    if (socket?.readyState === WebSocket.CONNECTING) {
      socket.addEventListener("open", () => socket.close(code, reason));
    } else {
      socket?.close(code, reason);
    }
  }

  /** False when there is no connection to send it on. */
  send(data) {
    if (!this.isOpen) return false;
    this.#socket.send(data);
    return true;
  }

  #tell(state, text) {
    this.#handlers.state?.(state, text);
  }

  #dial() {
    clearTimeout(this.#timer);
    this.#tell("connecting", "connecting");
    const socket = new WebSocket(socketUrl(this.#path()));
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#openedAt = performance.now();
      this.#tell("open", "connected");
      this.#handlers.open?.();
    });
    socket.addEventListener("message", (event) => this.#handlers.message(event));
    socket.addEventListener("close", (event) => {
      this.#socket = null;
      const wasGood = this.#openedAt > 0 && performance.now() - this.#openedAt > GOOD_MS;
      this.#openedAt = 0;
      this.#handlers.close?.(event);
      if (!this.#wanted) return this.#tell("closed", `closed, ${event.code}`);
      this.#pause = wasGood ? PAUSE_MS_MIN : Math.min(this.#pause * 2, PAUSE_MS_MAX);
      const pause = this.#pause * (0.5 + Math.random() / 2);
      this.#tell("waiting", `reconnecting in ${(pause / 1000).toFixed(1)} s`);
      this.#timer = setTimeout(() => this.#dial(), pause);
    });
  }
}
