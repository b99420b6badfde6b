// Whether this page came encrypted, by what, and where to have it the other way.

import { $, make } from "/_duplex/dom.js";

/** "TLS 1.3" for what OpenSSL calls TLSv1.3. */
export const tlsName = (tls) => tls.protocol.replace("TLSv", "TLS ");

/** How a connection is protected, in a few words; `tls` as the server tells it, null in clear. */
export function protection(tls) {
  if (tls) return tlsName(tls);
  // The browser speaks TLS, and the server does not: somebody stands between them.
  return location.protocol === "https:" ? "TLS ends at a proxy" : "in clear";
}

function showLink(facts, scheme, port, otherwise) {
  if (port === null) return facts.append(...otherwise);
  const link = make("a", "", `Open this page by ${scheme}`);
  link.href = `${scheme}://${location.hostname}:${port}${location.pathname}`;
  facts.append(link, ".");
}

export async function startSecrecy() {
  const encrypted = location.protocol === "https:";
  const here = $(encrypted ? "way-encrypted" : "way-clear");
  here.classList.add("here");
  here.querySelector(".state").hidden = false;
  $("page-scheme").textContent = encrypted ? "https" : "http";
  $("socket-scheme").textContent = encrypted ? "wss" : "ws";
  $("page-scheme-text").textContent = location.host;
  $("socket-scheme-text").textContent = `the same port, ${encrypted ? "encrypted" : "in clear"}`;

  let connection;
  try {
    const response = await fetch("/_duplex/connection", { cache: "no-store" });
    connection = await response.json();
  } catch {
    return;  // the rest of the page says that the server is gone
  }
  const { tls, http_port: httpPort, https_port: httpsPort } = connection;
  $("page-scheme-text").textContent = `${location.host}, ${protection(tls)}`;
  if (tls) {
    $("encrypted-facts").append(
      make("b", "", tlsName(tls)), " with ", make("code", "", tls.cipher),
      tls.resumed ? ", resumed from an earlier connection." : ", agreed on for this connection.");
  } else if (encrypted) {
    $("encrypted-facts").append("A proxy before this server decrypts; from there on it is in clear.");
  } else {
    showLink($("encrypted-facts"), "https", httpsPort, [
      "To try it: ", make("code", "", "duplex serve --tls-self-signed")]);
  }
  if (encrypted) showLink($("clear-facts"), "http", httpPort, ["This server does not offer it."]);
}
