// The classic pcap format. A file is hostile input: every length is checked before it is used.

const fileHeaderLength = 24
export const recordHeaderLength = 16
const ethernetHeaderLength = 14
const ethernetLinkType = 1
/** libpcap's own bound, and what a snap length of 0 stands for. */
const maxSnapLength = 262_144

/** Ends the reading with `what; how to fix`. */
export type Fail = (what: string) => never

/** How the numbers of a file are written. */
export interface Format {
  isLittleEndian: boolean
  /** Nanoseconds of one unit of a stamp's fraction. */
  fractionNs: number
  snapLength: number
}

/** Where a record of the file lies, and what its header says. */
export interface CaptureRecord {
  /** From 1. */
  number: number
  /** Where its header stands in the file. */
  offset: number
  timeNs: bigint
  includedLength: number
  originalLength: number
}

/** Reads the file's header. */
export function readFormat(bytes: Buffer, fail: Fail): Format {
  if (bytes.length === 0) fail('the file is empty; capture again, as in tcpdump -w FILE')
  const magic = bytes.length >= 4 ? bytes.readUInt32LE(0) : 0
  if (magic === 0x0a0d0d0a) fail('pcapng, not classic pcap; convert it: editcap -F pcap in.pcapng out.pcap')
  const fractionNs = { 0xa1b2c3d4: 1000, 0xd4c3b2a1: 1000, 0xa1b23c4d: 1, 0x4d3cb2a1: 1 }[magic]
  if (fractionNs === undefined) return fail('not a pcap file (unknown first four bytes); name a classic pcap')
  if (bytes.length < fileHeaderLength)
    fail(`cut off in the file header, at byte ${bytes.length} of ${fileHeaderLength}; copy the capture again`)
  const isLittleEndian = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d
  const word = (offset: number): number => (isLittleEndian ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset))
  const linkType = word(20)
  if (linkType !== ethernetLinkType)
    fail(`link type ${linkType}, not Ethernet (${ethernetLinkType}); capture on an Ethernet interface, not on "any"`)
  const snapLength = word(16)
  return { isLittleEndian, fractionNs, snapLength: snapLength === 0 ? maxSnapLength : snapLength }
}

/** The records of the file, each checked to lie within it and to hold a whole Ethernet header. */
export function* records(bytes: Buffer, format: Format, fail: Fail): Generator<CaptureRecord, void> {
  const word = (offset: number): number =>
    format.isLittleEndian ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset)
  let offset = fileHeaderLength
  for (let number = 1; offset < bytes.length; number++) {
    const at = `record ${number} at byte ${offset}`
    if (offset + recordHeaderLength > bytes.length)
      fail(`${at} is cut off in its header; copy the capture again, or repair it: editcap in.pcap out.pcap`)
    const [fraction, includedLength, originalLength] = [word(offset + 4), word(offset + 8), word(offset + 12)]
    if (fraction * format.fractionNs >= 1e9)
      fail(`${at} has a time stamp with ${fraction} parts of a second; the file is damaged: capture again`)
    if (includedLength > originalLength)
      fail(`${at} holds ${includedLength} bytes of a frame of ${originalLength}; the file is damaged: capture again`)
    if (includedLength > Math.min(format.snapLength, maxSnapLength))
      fail(`${at} holds ${includedLength} bytes, above the snap length ${format.snapLength}; capture again`)
    if (offset + recordHeaderLength + includedLength > bytes.length)
      fail(`${at} is cut off at the end of the file; copy the capture again, or repair it: editcap in.pcap out.pcap`)
    if (includedLength < ethernetHeaderLength)
      fail(`${at} holds ${includedLength} bytes, no whole Ethernet header; capture with a snap length of 14 or more`)
    const timeNs = BigInt(word(offset)) * 1_000_000_000n + BigInt(fraction * format.fractionNs)
    yield { number, offset, timeNs, includedLength, originalLength }
    offset += recordHeaderLength + includedLength
  }
}
