import { checkInteger } from '../arguments.ts'
import { RingbackError } from '../errors.ts'

// Messages as words, in the byte order of every machine that Xen runs on: little-endian.

/** One fragment of a frame from the guest. In a frame's first slot `size` is the whole frame's. */
export interface TxRequest {
  gref: number
  offset: number
  flags: number
  id: number
  size: number
}

export interface TxResponse {
  id: number
  /** 0 okay, -1 error, -2 dropped, 1 for an extra-info slot. */
  status: number
}

/** An empty page for the back end to fill. */
export interface RxRequest {
  id: number
  gref: number
}

export interface RxResponse {
  id: number
  offset: number
  flags: number
  /** Bytes, or a negative failure. */
  status: number
}

/**
 * Writes the request `index` (3 words each).
 *
 * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
 */
export function encodeTxRequest(words: Uint32Array, index: number, request: TxRequest): void {
  checkSlot(words, index, 3)
  const { gref, offset, flags, id, size } = request
  checkInteger(gref, 'gref', 0, 0xffff_ffff)
  words[3 * index + 1] = pair(offset, 'offset', flags, 'flags')
  words[3 * index + 2] = pair(id, 'id', size, 'size')
  words[3 * index] = gref
}

export function decodeTxRequest(words: Uint32Array, index: number): TxRequest {
  checkSlot(words, index, 3)
  const [gref, offsetFlags, idSize] = [words[3 * index]!, words[3 * index + 1]!, words[3 * index + 2]!]
  return { gref, offset: offsetFlags & 0xffff, flags: offsetFlags >>> 16, id: idSize & 0xffff, size: idSize >>> 16 }
}

/** Writes the response `index` (1 word each). */
export function encodeTxResponse(words: Uint32Array, index: number, { id, status }: TxResponse): void {
  checkSlot(words, index, 1)
  words[index] = pair(id, 'id', signed(status), 'status')
}

export function decodeTxResponse(words: Uint32Array, index: number): TxResponse {
  checkSlot(words, index, 1)
  return { id: words[index]! & 0xffff, status: words[index]! >> 16 }
}

/** Writes the request `index` (2 words each). */
export function encodeRxRequest(words: Uint32Array, index: number, { id, gref }: RxRequest): void {
  checkSlot(words, index, 2)
  checkInteger(gref, 'gref', 0, 0xffff_ffff)
  words[2 * index] = pair(id, 'id', 0, 'pad')
  words[2 * index + 1] = gref
}

export function decodeRxRequest(words: Uint32Array, index: number): RxRequest {
  checkSlot(words, index, 2)
  return { id: words[2 * index]! & 0xffff, gref: words[2 * index + 1]! }
}

/** Writes the response `index` (2 words each). */
export function encodeRxResponse(words: Uint32Array, index: number, response: RxResponse): void {
  checkSlot(words, index, 2)
  const { id, offset, flags, status } = response
  const low = pair(id, 'id', offset, 'offset')
  words[2 * index + 1] = pair(flags, 'flags', signed(status), 'status')
  words[2 * index] = low
}

export function decodeRxResponse(words: Uint32Array, index: number): RxResponse {
  checkSlot(words, index, 2)
  const [low, high] = [words[2 * index]!, words[2 * index + 1]!]
  return { id: low & 0xffff, offset: low >>> 16, flags: high & 0xffff, status: high >> 16 }
}

/** Two 16-bit fields in a word. */
function pair(low: number, lowName: string, high: number, highName: string): number {
  checkInteger(low, lowName, 0, 0xffff)
  checkInteger(high, highName, 0, 0xffff)
  return (low | (high << 16)) >>> 0
}

function signed(status: number): number {
  if (typeof status !== 'number') throw new RingbackError('ERR_INVALID_ARGUMENT', 'status must be an integer')
  if (!Number.isInteger(status) || status < -0x8000 || status > 0x7fff)
    throw new RingbackError('ERR_OUT_OF_RANGE', 'status must be an integer from -32768 to 32767')
  return status & 0xffff
}

function checkSlot(words: Uint32Array, index: number, width: number): void {
  if (!(words instanceof Uint32Array)) throw new RingbackError('ERR_INVALID_ARGUMENT', 'words must be a Uint32Array')
  checkInteger(index, 'index', 0, Math.floor(words.length / width) - 1)
}
