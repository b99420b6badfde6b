// A console for any WebSocket endpoint.

import { $, appendBounded, byteLength, formatBytes, formatTime, fromHex, make, now, showState, toHex } from "/_duplex/dom.js";
import { socketUrl } from "/_duplex/link.js";

const ENTRIES_MAX = 200;
const TEXT_SHOWN_MAX = 2_000;
const BYTES_SHOWN_MAX = 256;

export function startConsole() {
  const log = $("console-log");
  const toggle = $("console-toggle");
  const send = $("console-send");
  const state = $("console-state");
  let socket = null;

  const url = $("console-url");
  url.value = socketUrl("/echo");

  const note = (text, kind = "note") =>
    appendBounded(log, make("li", kind, make("time", "fine", formatTime(now())), " ", text), ENTRIES_MAX);

  /** Shows a message; `data` is a string or bytes. */
  function showMessage(direction, data) {
    const isText = typeof data === "string";
    const size = isText ? byteLength(data) : data.length;
    const cut = (shown, whole) => (shown < whole ? " …" : "");
    const content = isText
      ? data.slice(0, TEXT_SHOWN_MAX) + cut(TEXT_SHOWN_MAX, data.length)
      : toHex(data.subarray(0, BYTES_SHOWN_MAX), " ") + cut(BYTES_SHOWN_MAX, data.length);
    const sign = direction === "sent" ? "→" : "←";
    appendBounded(log, make("li", `message ${direction}`,
      make("span", "fine", `${sign} ${formatTime(now())} · ${isText ? "text" : "binary"} · ${formatBytes(size)}`),
      make("code", "content", content)), ENTRIES_MAX);
  }

  function show(name, text) {
    showState(state, name, text);
    toggle.textContent = socket ? "Disconnect" : "Connect";
    send.disabled = name !== "open";
  }

  function connect() {
    const protocols = $("console-protocol").value.split(/[\s,]+/).filter(Boolean);
    try {
      socket = new WebSocket(url.value.trim(), protocols);
    } catch (error) {
      socket = null;
      return note(error.message, "note failed");
    }
    const mine = socket;
    mine.binaryType = "arraybuffer";
    $("console-info").textContent = "";
    show("connecting", "connecting");
    let opened = false;
    mine.addEventListener("open", () => {
      opened = true;
      const clear = mine.url.startsWith("ws:");
      show("open", `connected by ${clear ? "ws, in clear" : "wss, encrypted"}`);
      $("console-info").textContent = mine.protocol ? `subprotocol ${mine.protocol}` : "no subprotocol";
      note(`connected to ${mine.url}`);
    });
    mine.addEventListener("message", ({ data }) =>
      showMessage("received", typeof data === "string" ? data : new Uint8Array(data)));
    mine.addEventListener("close", ({ code, reason, wasClean }) => {
      socket = null;
      show("closed", `closed, ${code}`);
      $("console-info").textContent = "";
      if (opened) note(`closed with ${code}${reason ? `, “${reason}”` : ""}${wasClean ? "" : ", without a closing handshake"}`);
      else note("could not connect; browsers do not tell pages why", "note failed");
    });
  }

  $("console-connect").addEventListener("submit", (event) => {
    event.preventDefault();
    if (socket) socket.close(1000);
    else connect();
  });

  $("console-send-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (socket?.readyState !== WebSocket.OPEN) return;
    const input = $("console-text");
    let data = input.value;
    if (document.querySelector("input[name=console-kind]:checked").value === "hex") {
      data = fromHex(input.value);
      if (data === null) return note("not hex: pairs of digits like  de ad be ef", "note failed");
    }
    socket.send(data);
    showMessage("sent", data);
    input.select();
  });
}
