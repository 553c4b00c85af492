import {
  type BackRing,
  createRingMemory,
  type FrontRing,
  JsBackRing,
  JsFrontRing,
  NativeBackRing,
  NativeFrontRing,
  type RingKind,
  type RingMemoryOptions,
  type RingOptions,
  ringWords,
} from 'ringback'

export type Side = 'native' | 'js'

export const frontClasses = { native: NativeFrontRing, js: JsFrontRing }
export const backClasses = { native: NativeBackRing, js: JsBackRing }

export interface Pairing {
  front: Side
  back: Side
}

/** Every combination of implementations on the same bytes. */
export const pairings: readonly Pairing[] = [
  { front: 'native', back: 'native' },
  { front: 'native', back: 'js' },
  { front: 'js', back: 'native' },
  { front: 'js', back: 'js' },
]

export const kinds: readonly RingKind[] = ['tx', 'rx', 'ctrl']

/** Both producers a few slots before they wrap to 0. */
export const nearWrap = 2 ** 32 - 16

export interface OpenRing {
  memory: RingOptions
  /** The shared indices: req_prod, req_event, rsp_prod, rsp_event. */
  header: Uint32Array
  front: FrontRing
  back: BackRing
}

export function openRing(pairing: Pairing, options: RingMemoryOptions): OpenRing {
  const memory = createRingMemory(options)
  const header = new Uint32Array(memory.bytes.buffer, memory.bytes.byteOffset, 4)
  return { memory, header, front: new frontClasses[pairing.front](memory), back: new backClasses[pairing.back](memory) }
}

/** Messages from the `first` on, each word different. */
export function requests(kind: RingKind, first: number, count: number): Uint32Array {
  const width = ringWords[kind].request
  return Uint32Array.from({ length: count * width }, (_, i) => Math.imul(first * width + i + 1, 0x9e3779b1) >>> 0)
}

export function responses(kind: RingKind, first: number, count: number): Uint32Array {
  const width = ringWords[kind].response
  return Uint32Array.from({ length: count * width }, (_, i) => Math.imul(first * width + i + 1, 0x85ebca6b) >>> 0)
}

/** Takes up to `count` requests and returns their words. */
export function take(ring: BackRing, count: number): Uint32Array {
  const words = new Uint32Array(count * ringWords[ring.kind].request)
  return words.subarray(0, ring.consumeRequests(words, count) * ringWords[ring.kind].request)
}

/** Takes up to `count` responses and returns their words. */
export function takeResponses(ring: FrontRing, count: number): Uint32Array {
  const words = new Uint32Array(count * ringWords[ring.kind].response)
  return words.subarray(0, ring.consumeResponses(words, count) * ringWords[ring.kind].response)
}
