// The right side of the wire: one WebSocket, and every frame of it as the server saw it pass.
//
// The server tells what it sees on a second WebSocket, which belongs to the first by a random id.

import { $, appendBounded, formatBytes, formatNumber, formatTime, fromHex, make, randomId } from "/_duplex/dom.js";
import { arrow, headDetails } from "/_duplex/exchanges.js";
import { Link } from "/_duplex/link.js";
import { protection } from "/_duplex/secrecy.js";

const FRAMES_MAX = 120;
/** Long enough to be compressed, and as repetitive as what programs tell each other. */
const RECORDS = JSON.stringify(
  Array.from({ length: 24 }, (_, number) => ({ id: number, kind: "measurement", unit: "°C", value: 20 + (number * 7) % 5 })));
const OPCODES = { 0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong" };

/** The bytes of the header of `frame` as they stood on the wire (RFC 6455 section 5.2). */
function headerBytes(frame) {
  const first = (frame.fin ? 0x80 : 0) | (frame.rsv1 ? 0x40 : 0) | frame.opcode;
  const mask = frame.mask ? 0x80 : 0;
  const { length } = frame;
  let bytes;
  if (length < 126) bytes = [first, mask | length];
  else if (length < 65536) bytes = [first, mask | 126, length >> 8, length & 0xff];
  else {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(length));
    bytes = [first, mask | 127, ...new Uint8Array(view.buffer)];
  }
  return [...bytes, ...(frame.mask ? fromHex(frame.mask) : [])];
}

/** The header's bytes, each group in the colour of what it says. */
function showHeader(bytes, masked) {
  const groups = make("code", "header-bytes");
  const keyBegin = masked ? bytes.length - 4 : bytes.length;
  bytes.forEach((byte, index) => {
    const kind = index === 0 ? "b-op" : index < keyBegin ? "b-len" : "b-key";
    groups.append(make("span", kind, byte.toString(16).padStart(2, "0")));
  });
  return groups;
}

const chip = (kind, text) => make("span", `chip ${kind}`, text);

function frameEntry(frame) {
  const name = OPCODES[frame.opcode] ?? `opcode ${frame.opcode}`;
  const bytes = headerBytes(frame);
  const entry = make("li", `frame ${frame.incoming ? "right" : "left"} op-${name}`);
  entry.dataset.opcode = frame.opcode;
  entry.dataset.fin = frame.fin;
  entry.dataset.length = frame.length;
  entry.dataset.mask = frame.mask ?? "";
  entry.dataset.rsv1 = frame.rsv1;
  entry.append(
    arrow(frame.incoming ? "right" : "left", [make("b", "", name), " ", make("span", "payload")],
          formatTime(frame.at)),
    make("p", "bits",
         showHeader(bytes, frame.mask !== null), " ",
         chip("b-op", `FIN ${frame.fin ? 1 : 0}`),
         ...(frame.rsv1 ? [chip("b-op", "RSV1 compressed")] : []),
         chip("b-op", `0x${frame.opcode.toString(16)} ${name}`),
         chip("b-len", `len ${formatNumber(frame.length)}`),
         frame.mask !== null ? chip("b-key", `mask ${frame.mask}`) : chip("none", "no mask")));
  return { entry, headerSize: bytes.length };
}

/** The beginning of a payload: text in quotes, without the character that is cut; binary in hex. */
function showPayload(entry, trace) {
  const bytes = fromHex(trace.preview) ?? new Uint8Array();
  const more = trace.bytes > bytes.length ? " …" : "";
  const text = trace.text
    ? `“${new TextDecoder().decode(bytes, { stream: true })}${more}”`
    : `${trace.preview.replace(/(..)(?=.)/g, "$1 ")}${more}`;
  entry.querySelector(".payload").textContent = text;
}

/** By how much compression made `after` bytes of `before`: "−72 %". */
function formatChange(before, after) {
  const percent = Math.round((after / before - 1) * 100);
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent)} %`;
}

/** The sizes of a payload before compression and behind it. */
function showSizes(entry, before, after) {
  entry.dataset.before = before;
  entry.dataset.after = after;
  const change = before > 0 ? `, ${formatChange(before, after)}` : "";
  entry.querySelector(".bits").append(
    make("span", `sizes${after < before ? " smaller" : ""}`, `${formatBytes(before)} → ${formatBytes(after)}${change}`));
}

/** The values of a field of `head` that may be repeated, one behind the other. */
function fieldOf(head, name) {
  return head.split("\r\n").filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    .map((line) => line.slice(name.length + 1).trim()).join(", ");
}

/** What browser and server said about compression. */
function extensionsLine(request, response) {
  const name = "Sec-WebSocket-Extensions";
  const offered = fieldOf(request, name);
  const agreed = fieldOf(response, name);
  const line = make("p", "fine extensions", make("code", "", name), ": ");
  line.append(
    ...(offered ? ["offered ", make("code", "", offered)] : ["nothing offered"]),
    ...(agreed ? [", agreed on ", make("code", "agreed", agreed)] : [", nothing agreed on"]));
  return { line, compresses: /(^|,)\s*permessage-deflate\b/.test(agreed) };
}

export function startFrames(showSocketState) {
  const id = randomId();
  const list = $("frames");
  const scroller = $("frames-scroll");
  const end = $("socket-end");
  /** The last frame of each direction, which the next payload belongs to. */
  const last = { true: null, false: null };
  let count = 0;
  let bytes = 0;
  let headers = 0;
  /** What has come of the messages of each direction that were not told of yet. */
  const unfinished = { true: { bytes: 0, compressed: false }, false: { bytes: 0, compressed: false } };
  /** All that was compressed: bytes before and behind it. */
  const sizes = { before: 0, after: 0 };
  let compresses = false;
  let greeting = $("both-text").value;
  /** Whether the socket is to be open; it is only while somebody watches the wire. */
  let wanted = true;

  function showSums() {
    $("ws-count").textContent = formatNumber(count);
    $("ws-bytes").textContent = formatNumber(bytes);
    $("ws-each").textContent = count > 0 ? formatBytes(headers / count) : "–";
    showSavings();
  }

  function showSavings() {
    const { before, after } = sizes;
    $("ws-saved").replaceChildren(...(
      !compresses ? ["Messages go as they are. To have them compressed: ", make("code", "", "duplex serve --compress")]
      : before === 0 ? ["Compression is agreed on; nothing was compressed yet."]
      : [`Compressed: ${formatBytes(before)} went as ${formatBytes(after)}, `, make("b", "", formatChange(before, after)),
         after < before ? "" : ": short messages don't get shorter"]));
  }

  function showHandshake({ request, response, at, peer, tls }) {
    list.replaceChildren();
    const extensions = extensionsLine(request, response);
    compresses = extensions.compresses;
    for (const direction of [true, false]) unfinished[direction] = { bytes: 0, compressed: false };
    $("handshake").replaceChildren(
      arrow("right", [make("b", "", "GET"), " Upgrade: websocket"], formatBytes(request.length)),
      arrow("left", [make("b", "", "101"), " Switching Protocols"], formatBytes(response.length)),
      headDetails("the heads", true, ["request, byte for byte", request],
                  ["response, byte for byte", response]),
      extensions.line,
      make("p", "switched", `HTTP ends here; the ${tls ? "encrypted" : "TCP"} connection stays · from ${peer} · ${protection(tls)} · ${formatTime(at)}`));
    bytes += request.length + response.length;
    showSums();
  }

  const traces = {
    ready: () => wanted && socket.open(),
    handshake: showHandshake,
    frame(frame) {
      const { entry, headerSize } = frameEntry(frame);
      last[frame.incoming] = entry;
      if (frame.opcode < 8) {
        const message = unfinished[frame.incoming];
        message.bytes += frame.length;
        if (frame.opcode > 0) message.compressed = frame.rsv1;
      }
      count += 1;
      headers += headerSize;
      bytes += headerSize + frame.length;
      appendBounded(list, entry, FRAMES_MAX, scroller);
      scroller.scrollTop = scroller.scrollHeight;
      showSums();
    },
    payload(trace) {
      const entry = last[trace.incoming];
      if (!entry) return;
      showPayload(entry, trace);
      const message = unfinished[trace.incoming];
      if (message.compressed) {
        showSizes(entry, trace.bytes, message.bytes);
        sizes.before += trace.bytes;
        sizes.after += message.bytes;
        showSavings();
      }
      message.bytes = 0;
    },
  };

  const wire = new Link(() => `/_duplex/wire/${id}`, {
    message(event) {
      const trace = JSON.parse(event.data);
      traces[trace.kind]?.(trace);
    },
    state: (state, text) => state !== "open" && showSocketState(state, text),
    close: () => socket.close(1000, "nobody watches"),
  });

  const socket = new Link(() => `/_duplex/socket/${id}`, {
    open() {
      end.className = "still-open";
      end.textContent = "open: either side may speak now";
      $("ws-toggle").textContent = "Close";
      if (greeting) socket.send(greeting);
      greeting = "";
    },
    close(event) {
      end.className = "end";
      end.textContent = `closed with ${event.code}${event.reason ? `, “${event.reason}”` : ""}`;
      $("ws-toggle").textContent = "Open again";
    },
    message() {},  // what comes is shown as the frame that it came in
    state: (state, text) => wire.isOpen && showSocketState(state, text),
  });

  $("ws-push").addEventListener("click", () => socket.send("/push"));
  $("ws-fragments").addEventListener("click", () => socket.send("/fragments"));
  $("ws-records").addEventListener("click", () => socket.send(RECORDS));
  $("ws-ping").addEventListener("click", () => socket.send("/ping"));
  $("ws-binary").addEventListener("click", () => socket.send(crypto.getRandomValues(new Uint8Array(8))));
  $("ws-toggle").addEventListener("click", () => {
    wanted = !socket.isOpen;
    if (!wanted) socket.close(1000, "enough");
    else if (wire.isOpen) socket.open();
  });

  wire.open();
  return { send: (text) => socket.send(text) };
}
