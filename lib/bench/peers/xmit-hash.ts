// Linux's transmit hash policies, by hand, for a frame of the ordinary kind: IPv4 without options, tags or fragments.
// A NIC is the hash modulo their number.

/** @param header - a frame's first bytes, from its MAC addresses on; at least 38 */
export const layer2 = (header: Uint8Array): number => header[5]! ^ header[11]! ^ ((header[12]! << 8) | header[13]!)

/** @param header - as for {@link layer2}; what has no ports has no such hash here */
export function layer34(header: Uint8Array): number {
  const hash = word(header, 34) ^ word(header, 26) ^ word(header, 30)
  const half = hash ^ (hash >>> 16)
  return (half ^ (half >>> 8)) >>> 1
}

/** As a little-endian machine loads it. */
const word = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
