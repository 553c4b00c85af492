import { checkBoolean, checkInteger, checkObject } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { type RingKind, type RingOptions, ringWords } from './ring.ts'

export const pageBytes = 4096
export const headerBytes = 64
const mostOrder = 4

/** Positions of the shared indices, in 32-bit words from the start of the memory. */
export const headerWord = { reqProd: 0, reqEvent: 1, rspProd: 2, rspEvent: 3 } as const

export interface RingMemoryOptions {
  kind: RingKind
  /** Pages as a power of two, 0 to 4: XenStore's ring-page-order. Default 0. */
  order?: number
  /** First index of both sides, 0 to 2^32 - 1. Default 0, as Xen starts. */
  startIndex?: number
  /** Over a SharedArrayBuffer, for two threads (default), or over an ArrayBuffer. */
  shared?: boolean
}

/**
 * Makes the memory of an empty ring. Its value is what the ring classes are made from.
 *
 * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
 * @example
 * const front = new JsFrontRing(createRingMemory({ kind: 'tx', order: 2 })) // 1,024 slots
 */
export function createRingMemory(options: RingMemoryOptions): RingOptions {
  checkObject(options, 'options')
  const { kind, order = 0, startIndex = 0, shared = true } = options
  checkKind(kind)
  checkInteger(order, 'order', 0, mostOrder)
  checkBoolean(shared, 'shared')
  const size = pageBytes * 2 ** order
  const bytes = new Uint8Array(shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size))
  initRingMemory({ kind, bytes, startIndex })
  return { kind, bytes, startIndex }
}

/**
 * Makes an empty ring in memory that exists: the front end does this before it shares the pages.
 *
 * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
 */
export function initRingMemory(options: RingOptions): void {
  const { bytes, startIndex } = checkRingOptions(options)
  bytes.fill(0)
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, 4)
  Atomics.store(header, headerWord.reqProd, startIndex)
  Atomics.store(header, headerWord.rspProd, startIndex)
  Atomics.store(header, headerWord.reqEvent, startIndex + 1)
  Atomics.store(header, headerWord.rspEvent, startIndex + 1)
}

/** The largest power of two of slots that fits: one page holds 256 tx, 256 rx or 128 ctrl. */
export function ringEntries(kind: RingKind, bytes: number): number {
  return 2 ** Math.floor(Math.log2((bytes - headerBytes) / (4 * ringWords[kind].slot)))
}

/** A ring's options with every shape, unit and range checked. */
export function checkRingOptions(options: RingOptions): Required<RingOptions> {
  checkObject(options, 'options')
  const { kind, bytes, startIndex = 0 } = options
  checkKind(kind)
  if (!(bytes instanceof Uint8Array)) throw new RingbackError('ERR_INVALID_ARGUMENT', 'bytes must be a Uint8Array')
  const buffer: object = bytes.buffer
  if (('resizable' in buffer && buffer.resizable === true) || ('growable' in buffer && buffer.growable === true))
    throw new RingbackError('ERR_INVALID_ARGUMENT', 'bytes must be over a buffer of fixed size')
  const order = Math.log2(bytes.length / pageBytes)
  if (!Number.isInteger(order) || order < 0 || order > mostOrder || bytes.byteOffset % 4 !== 0)
    throw new RingbackError('ERR_OUT_OF_RANGE', 'bytes must be 1, 2, 4, 8 or 16 pages of 4096 bytes, 4-byte aligned')
  checkInteger(startIndex, 'startIndex', 0, 0xffff_ffff)
  return { kind, bytes, startIndex }
}

/** Checks the words and the count of a call; `width` is in words. */
export function checkWords(words: Uint32Array, count: number, width: number): void {
  if (
    words instanceof Uint32Array &&
    typeof count === 'number' &&
    count >>> 0 === count &&
    count * width <= words.length
  )
    return
  if (!(words instanceof Uint32Array)) throw new RingbackError('ERR_INVALID_ARGUMENT', 'words must be a Uint32Array')
  checkInteger(count, 'count', 0, Math.floor(words.length / width))
}

function checkKind(kind: RingKind): void {
  if (typeof kind !== 'string' || !Object.hasOwn(ringWords, kind))
    throw new RingbackError('ERR_INVALID_ARGUMENT', "kind must be 'tx', 'rx' or 'ctrl'")
}
