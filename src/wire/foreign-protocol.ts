/**
 * Tells peers that speak something else from those that begin a Noise handshake, whose first 64 bytes are random. Each
 * test takes so many bits that less than one in 2^50 handshakes would be taken for something else: with a million
 * handshakes a second that is one in thirty years.
 */

export type ForeignProtocol = "stratum-v1" | "http" | "tls";

/** No more of a connection's first bytes is looked at: so many belong to a handshake. */
const LOOKED_AT_BYTES = 64;

/** Behind a TLS record's header: type 22, version 3.0 to 3.4, length. */
const TLS_RECORD_HEADER_BYTES = 5;
/** Type 1 and a length of three bytes. */
const TLS_MESSAGE_HEADER_BYTES = 4;
const TLS_TESTED_BYTES = 11;
const TLS_HANDSHAKE = 22;
const TLS_CLIENT_HELLO = 1;

/** "GET / HTTP/1.1" and what ends the line: no request line is shorter. */
const SHORTEST_REQUEST_LINE = 16;
const REQUEST_LINE = /^(?:(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|PRI) [/*h]|CONNECT )/;

const TEXT = /^[\t\n\r\x20-\x7e]*$/;
const OPENING_BRACE = 0x7b;

const decoder = new TextDecoder("latin1");

/**
 * What the first bytes of a connection are, where that is sure: undefined where they may begin a handshake, or where
 * too few have come.
 */
export function foreignProtocol(bytes: Uint8Array): ForeignProtocol | undefined {
  const [first = 0] = bytes;
  if (first === TLS_HANDSHAKE) return isClientHello(bytes) ? "tls" : undefined;
  const isJson = first === OPENING_BRACE;
  // Requests begin with a capital.
  if (!isJson && (first < 0x41 || first > 0x5a)) return undefined;
  const text = decoder.decode(bytes.subarray(0, LOOKED_AT_BYTES));
  // A brace and the member that every request has, or a brace and nothing but text: 66 and 95 bits.
  if (isJson) return text.includes('"method"') || isAllText(text, LOOKED_AT_BYTES) ? "stratum-v1" : undefined;
  // 52 bits, for three methods of three letters.
  return REQUEST_LINE.test(text) && isAllText(text, SHORTEST_REQUEST_LINE) ? "http" : undefined;
}

/** Whether it has at least so many characters, and none that bytes of chance would have: latin1. */
export function isAllText(text: string, length: number): boolean {
  return text.length >= length && TEXT.test(text);
}

/** A record with one ClientHello whose two lengths agree: 67 bits. */
function isClientHello(bytes: Uint8Array): boolean {
  if (bytes.length < TLS_TESTED_BYTES) return false;
  const at = (index: number): number => bytes[index] ?? 0;
  const isVersion = (index: number): boolean => at(index) === 3 && at(index + 1) <= 4;
  const recordBytes = 256 * at(3) + at(4);
  const messageBytes = 65_536 * at(6) + 256 * at(7) + at(8);
  return (
    isVersion(1) &&
    at(TLS_RECORD_HEADER_BYTES) === TLS_CLIENT_HELLO &&
    recordBytes === messageBytes + TLS_MESSAGE_HEADER_BYTES &&
    isVersion(TLS_RECORD_HEADER_BYTES + TLS_MESSAGE_HEADER_BYTES)
  );
}
