import { open } from 'node:fs/promises'

import { checkObject, checkText } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { describeSystemError } from '../system-error.ts'
import { readFormat, recordHeaderLength, records } from './pcap-records.ts'
import type { CaptureRecord, Fail, Format } from './pcap-records.ts'

/** Bytes kept of each frame's beginning: what a back end looks at. */
export const headerStride = 128

/** The frames of one guest and direction in a capture, as columns. */
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

const maxFrameLength = 65535
const maxFileLength = 1024 ** 3
/** Columns for this many take a little more than 1 GiB. */
const maxFrames = 8_000_000

/** out: what the guest sent; in: what others sent to it or to a group address. */
export type CaptureDirection = 'out' | 'in'

/**
 * Reads the frames that one guest sent, or those that it got, from a capture.
 *
 * @param bytes - a whole classic pcap file, either byte order, microseconds or nanoseconds
 * @param options.file - its name, for messages
 * @param options.guest - the guest's MAC, as in fe:b6:f2:0c:ea:6f
 * @param options.direction - default out
 * @throws {@link RingbackError} ERR_PCAP: what is wrong, at which record and byte, and how to fix it
 */
export function readCapture(
  bytes: Uint8Array,
  options: { file: string; guest: string; direction?: CaptureDirection },
): Capture {
  if (!(bytes instanceof Uint8Array)) throw new RingbackError('ERR_INVALID_ARGUMENT', 'bytes must be a Uint8Array')
  checkObject(options, 'options')
  const { file, guest, direction = 'out' } = options
  checkText(file, 'options.file')
  checkText(guest, 'options.guest')
  checkDirection(direction, 'options.direction')
  return readBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { file, guest, direction })
}

function checkDirection(value: unknown, name: string): asserts value is CaptureDirection {
  if (value !== 'out' && value !== 'in')
    throw new RingbackError('ERR_INVALID_ARGUMENT', `${name} must be 'out' or 'in'`)
}

function readBuffer(
  bytes: Buffer,
  { file, guest, direction }: { file: string; guest: string; direction: CaptureDirection },
): Capture {
  const fail: Fail = (what) => {
    throw new RingbackError('ERR_PCAP', `${file}: ${what}`)
  }
  const format = readFormat(bytes, fail)
  const mac = Buffer.from(guest.replace(/[:-]/g, ''), 'hex')
  const isMac = (at: number): boolean => mac.equals(bytes.subarray(at, at + 6))
  const isFromGuest = ({ offset }: CaptureRecord): boolean => isMac(offset + recordHeaderLength + 6)
  const isToGuest = ({ offset }: CaptureRecord): boolean => isMac(offset + recordHeaderLength)
  const isToGroup = ({ offset }: CaptureRecord): boolean => ((bytes[offset + recordHeaderLength] ?? 0) & 1) === 1
  const isWanted = (record: CaptureRecord): boolean =>
    direction === 'out' ? isFromGuest(record) : !isFromGuest(record) && (isToGuest(record) || isToGroup(record))

  // Once over all to check and to count, so that the columns take what they need and no more.
  let count = 0
  // Frames to a group say nothing about the guest: a mistyped MAC must not pass for one that gets nothing else.
  let isGuestThere = false
  for (const record of records(bytes, format, fail)) {
    isGuestThere ||= isFromGuest(record) || (direction === 'in' && isToGuest(record))
    if (!isWanted(record)) continue
    checkFrame(record, fail)
    count += 1
  }
  const word = direction === 'out' ? 'from' : 'to'
  if (count === 0 || !isGuestThere)
    fail(`no frame ${word} ${guest}; ${describeStations(bytes, format, direction, fail)}`)
  if (count > maxFrames) fail(`${count} frames ${word} ${guest} are more than ${maxFrames}; cut it with editcap -c`)
  return fillColumns(bytes, records(bytes, format, fail), isWanted, count)
}

/**
 * {@link readCapture} on a file.
 *
 * @throws {@link RingbackError} ERR_PCAP, also where the file cannot be read
 */
export async function loadCapture(file: string, guest: string, direction: CaptureDirection = 'out'): Promise<Capture> {
  checkText(file, 'file') // a number would be taken for a descriptor
  checkText(guest, 'guest')
  checkDirection(direction, 'direction')
  return readCapture(await readBytes(file), { file, guest, direction })
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

function checkFrame({ number, offset, originalLength }: CaptureRecord, fail: Fail): void {
  if (originalLength > maxFrameLength)
    fail(
      `record ${number} at byte ${offset} is a frame of ${originalLength} bytes, above ${maxFrameLength}; ` +
        'capture with segmentation offload off (ethtool -K DEV tso off gso off)',
    )
}

/** Who sent, or got, what is there, so that the right MAC can be copied from the message. */
function describeStations(bytes: Buffer, format: Format, direction: CaptureDirection, fail: Fail): string {
  const counts = new Map<string, number>()
  let isEmpty = true
  for (const { offset } of records(bytes, format, fail)) {
    isEmpty = false
    const start = offset + recordHeaderLength + (direction === 'out' ? 6 : 0)
    if (direction === 'in' && ((bytes[start] ?? 0) & 1) === 1) continue // no station
    const station = bytes.toString('hex', start, start + 6)
    if (counts.has(station) || counts.size < 1000) counts.set(station, (counts.get(station) ?? 0) + 1)
  }
  if (isEmpty) return 'the capture holds no record at all: capture again'
  if (counts.size === 0) return 'all that is there is sent to groups: capture again'
  const shown = [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 5)
    .map(([station, count]) => `${station.replace(/..(?=.)/g, '$&:')} (${count} frames)`)
  const what = direction === 'out' ? 'source' : 'destination'
  return `the ${what} MACs there are ${shown.join(', ')}${counts.size > shown.length ? ' and others' : ''}`
}

function fillColumns(
  bytes: Buffer,
  all: Iterable<CaptureRecord>,
  isWanted: (record: CaptureRecord) => boolean,
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
    if (!isWanted(record)) continue
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
