import type { RingKind } from './ring.ts'

/** native/addon/ring_front.h */
export interface RingFrontBinding {
  /** 2 * how many fit, + 1 when the back end must be notified. */
  pushRequests(words: Uint32Array, count: number): number
  consumeResponses(words: Uint32Array, count: number): number
  entries(): number
  freeRequests(): number
  unconsumedResponses(): number
  finalCheckForResponses(): boolean
  close(): void
}

/** native/addon/ring_back.h */
export interface RingBackBinding {
  consumeRequests(words: Uint32Array, count: number): number
  /** Whether the front end must be notified. */
  pushResponses(words: Uint32Array, count: number): boolean
  entries(): number
  unconsumedRequests(): number
  unansweredRequests(): number
  finalCheckForRequests(): boolean
  close(): void
}

export type RingFrontConstructor = new (kind: RingKind, bytes: Uint8Array, startIndex: number) => RingFrontBinding
export type RingBackConstructor = new (kind: RingKind, bytes: Uint8Array) => RingBackBinding
