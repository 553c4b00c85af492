import type { RingOptions } from 'ringback'

import type { Side } from './ring-pairings.ts'

export interface PeerOptions {
  side: Side
  memory: RingOptions
  /** Two words: the doorbells of the back end and of the front end. */
  bells: Int32Array
  pairs: number
  /** Give up after sleeping this long: nobody will ring. */
  patienceMs: number
}

export interface PeerReport {
  answered: number
  wrong: number
  sleeps: number
  hung: boolean
}

export const backBell = 0
export const frontBell = 1

/** Sets a doorbell and wakes who sleeps on it. */
export function ring(bells: Int32Array, bell: number): void {
  Atomics.store(bells, bell, 1)
  Atomics.notify(bells, bell)
}

/** Sleeps until the doorbell is set and clears it; false when nobody rang in time. */
export function sleep(bells: Int32Array, bell: number, patienceMs: number): boolean {
  if (Atomics.wait(bells, bell, 0, patienceMs) === 'timed-out') return false
  Atomics.store(bells, bell, 0)
  return true
}
