import { open } from 'node:fs/promises'

import { checkObject, checkText } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { describeSystemError } from '../system-error.ts'

/** Bytes kept of each frame's beginning: what a back end looks at. */
export const headerStride = 128

/** The frames of one guest in a capture, as columns. */
export interface Capture {
  /** How many frames. */
  count: number
  /** The frames' lengths on the wire, added up. */
  bytes: number
  /** Nanoseconds since the first record of the file; never falling: a record stamped earlier than the one before it takes that one's time. */
  timesNs: BigInt64Array
  /** Lengths on the wire, without FCS: `orig_len`. */
  sizesBytes: Uint32Array
  /** The first bytes of each frame, {@link headerStride} a frame, zeros where the capture has less. */
  headers: Uint8Array
  /** How many bytes of each header the capture has. */
  headerLengths: Uint8Array
  /** From the first to the last record of the file, the guest's or not. */
  spanNs: bigint
  /** Records in the file, the guest's or not. */
  recordCount: number
}

const fileHeaderLength = 24
const recordHeaderLength = 16
const ethernetHeaderLength = 14
const ethernetLinkType = 1
const maxFrameLength = 65535
/** libpcap's own bound, and what a snap length of 0 stands for. */
const maxSnapLength = 262_144
const maxFileLength = 1024 ** 3
/** Columns for this many take a little more than 1 GiB. */
const maxFrames = 8_000_000

type Fail = (what: string) => never

interface Format {
  isLittleEndian: boolean
  /** Nanoseconds of one unit of a stamp's fraction. */
  fractionNs: number
  snapLength: number
}

interface CaptureRecord {
  /** From 1. */
  number: number
  /** Where its header stands in the file. */
  offset: number
  timeNs: bigint
  includedLength: number
  originalLength: number
}

/**
 * Reads the frames that one guest sent from a capture.
 *
 * @param bytes - a whole classic pcap file, either byte order, microseconds or nanoseconds
 * @param options.file - its name, for messages
 * @param options.guest - the source MAC of the wanted frames, as in fe:b6:f2:0c:ea:6f
 * @throws {@link RingbackError} ERR_PCAP: what is wrong, at which record and byte, and how to fix it
 */
export function readCapture(bytes: Uint8Array, options: { file: string; guest: string }): Capture {
  if (!(bytes instanceof Uint8Array)) throw new RingbackError('ERR_INVALID_ARGUMENT', 'bytes must be a Uint8Array')
  checkObject(options, 'options')
  const { file, guest } = options
  checkText(file, 'options.file')
  checkText(guest, 'options.guest')
  return readBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), file, guest)
}

function readBuffer(bytes: Buffer, file: string, guest: string): Capture {
  const fail: Fail = (what) => {
    throw new RingbackError('ERR_PCAP', `${file}: ${what}`)
  }
  const format = readFormat(bytes, fail)
  const mac = Buffer.from(guest.replace(/[:-]/g, ''), 'hex')
  const isFromGuest = ({ offset }: CaptureRecord): boolean =>
    mac.equals(bytes.subarray(offset + recordHeaderLength + 6, offset + recordHeaderLength + 12))

  // Once over all to check and to count, so that the columns take what they need and no more.
  let count = 0
  for (const record of records(bytes, format, fail)) {
    if (!isFromGuest(record)) continue
    checkFrame(record, fail)
    count += 1
  }
  if (count === 0) fail(`no frame from ${guest}; ${describeSources(bytes, format, fail)}`)
  if (count > maxFrames) fail(`${count} frames from ${guest} are more than ${maxFrames}; cut it with editcap -c`)
  return fillColumns(bytes, records(bytes, format, fail), isFromGuest, count)
}

/**
 * {@link readCapture} on a file.
 *
 * @throws {@link RingbackError} ERR_PCAP, also where the file cannot be read
 */
export async function loadCapture(file: string, guest: string): Promise<Capture> {
  checkText(file, 'file') // a number would be taken for a descriptor
  checkText(guest, 'guest')
  return readCapture(await readBytes(file), { file, guest })
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    const handle = await open(file)
    try {
      const status = await handle.stat()
      if (!status.isFile()) throw new RingbackError('ERR_PCAP', `${file}: not a file; name a classic pcap file`)
      if (status.size > maxFileLength)
        throw new RingbackError('ERR_PCAP', `${file}: larger than 1 GiB; split it with editcap -c`)
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (cause instanceof RingbackError) throw cause
    throw new RingbackError(
      'ERR_PCAP',
      `${file}: ${describeSystemError(cause)}; name a readable pcap file, relative to the scenario`,
      { cause },
    )
  }
}

function readFormat(bytes: Buffer, fail: Fail): Format {
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

/** The records of the file, each checked to lie within it. */
function* records(bytes: Buffer, format: Format, fail: Fail): Generator<CaptureRecord, void> {
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

function checkFrame({ number, offset, originalLength }: CaptureRecord, fail: Fail): void {
  if (originalLength > maxFrameLength)
    fail(
      `record ${number} at byte ${offset} is a frame of ${originalLength} bytes, above ${maxFrameLength}; ` +
        'capture with segmentation offload off (ethtool -K DEV tso off gso off)',
    )
}

/** Who sent what is there, so that the right MAC can be copied from the message. */
function describeSources(bytes: Buffer, format: Format, fail: Fail): string {
  const counts = new Map<string, number>()
  for (const { offset } of records(bytes, format, fail)) {
    const start = offset + recordHeaderLength + 6
    const source = bytes.toString('hex', start, start + 6)
    if (counts.has(source) || counts.size < 1000) counts.set(source, (counts.get(source) ?? 0) + 1)
  }
  if (counts.size === 0) return 'the capture holds no record at all: capture again'
  const shown = [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 5)
    .map(([source, count]) => `${source.replace(/..(?=.)/g, '$&:')} (${count} frames)`)
  return `the source MACs there are ${shown.join(', ')}${counts.size > shown.length ? ' and others' : ''}`
}

function fillColumns(
  bytes: Buffer,
  all: Iterable<CaptureRecord>,
  isFromGuest: (record: CaptureRecord) => boolean,
  count: number,
): Capture {
  const capture: Capture = {
    count,
    bytes: 0,
    timesNs: new BigInt64Array(count),
    sizesBytes: new Uint32Array(count),
    headers: new Uint8Array(count * headerStride),
    headerLengths: new Uint8Array(count),
    spanNs: 0n,
    recordCount: 0,
  }
  let firstNs: bigint | undefined
  let i = 0
  for (const record of all) {
    firstNs ??= record.timeNs
    const sinceFirstNs = record.timeNs - firstNs
    if (sinceFirstNs > capture.spanNs) capture.spanNs = sinceFirstNs
    capture.recordCount += 1
    if (!isFromGuest(record)) continue
    const start = record.offset + recordHeaderLength
    const headerLength = Math.min(record.includedLength, headerStride)
    capture.timesNs[i] = capture.spanNs
    capture.sizesBytes[i] = record.originalLength
    capture.headers.set(bytes.subarray(start, start + headerLength), i * headerStride)
    capture.headerLengths[i] = headerLength
    capture.bytes += record.originalLength
    i += 1
  }
  return capture
}
