// What all parts of the page need to write on it. Text from the network only ever becomes text
// nodes: nothing here, or anywhere else in the page, parses markup.

/** The element with this id. */
export const $ = (id) => document.getElementById(id);

/** Makes an element; `children` are nodes and strings. */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** Makes an SVG element with these attributes. */
export function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Appends `entry` to `list`, drops the oldest entries above `max`, and keeps `scroller` at its end,
 * unless somebody has scrolled up to read.
 */
export function appendBounded(list, entry, max, scroller = list) {
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
  list.append(entry);
  while (list.childElementCount > max) list.firstElementChild.remove();
  if (atEnd) scroller.scrollTop = scroller.scrollHeight;
}

/** Says in `element` how a connection is: "connecting", "open", "waiting" or "closed". */
export function showState(element, state, text) {
  element.dataset.state = state;
  element.textContent = text;
}

const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export const formatNumber = (number) => numbers.format(number);

export function formatBytes(count) {
  if (count < 10_000) return `${numbers.format(count)} B`;
  if (count < 10_000_000) return `${numbers.format(count / 1024)} KiB`;
  return `${numbers.format(count / 1024 / 1024)} MiB`;
}

/** A duration, with as many digits as it deserves. */
export function formatMs(ms) {
  if (ms < 0.1) return "under 0.1 ms";  // finer than browsers let pages measure
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(2)} s`;
}

/** The time of day, to the millisecond. */
export function formatTime(ms) {
  const time = new Date(ms);
  const two = (number) => String(number).padStart(2, "0");
  const thousandths = String(time.getMilliseconds()).padStart(3, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${thousandths}`;
}

/** Milliseconds since 1970, finer than Date.now(). */
export const now = () => performance.timeOrigin + performance.now();

export const toHex = (bytes, separator = "") =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(separator);

/** The bytes that `text` spells in hex, blanks left out; null when it is not hex. */
export function fromHex(text) {
  const digits = text.replace(/0x|[\s,:]/gi, "");
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return null;
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** 128 random bits in hex: a name that nobody guesses. */
export const randomId = () => toHex(crypto.getRandomValues(new Uint8Array(16)));

export const byteLength = (text) => new TextEncoder().encode(text).length;

export function median(values) {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
