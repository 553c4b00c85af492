import type { RingKind } from './ring.ts'

/** Copies `count` messages between the slots from `index` on and the first words of an array, each word once. */
type Copy = (slots: Uint32Array, mask: number, index: number, words: Uint32Array, count: number) => void

export interface SlotCopies {
  readonly writeRequests: Copy
  readonly readRequests: Copy
  readonly writeResponses: Copy
  readonly readResponses: Copy
}

// Written out for each width of message and slot, in words: with both known, V8 keeps everything in registers and
// inlines the copy into the ring's method, which it does not with one loop for all widths.

function write3in3(slots: Uint32Array, mask: number, index: number, words: Uint32Array, count: number): void {
  for (let i = 0, from = 0; i < count; i++, from += 3) {
    const to = ((index + i) & mask) * 3
    slots[to] = words[from]!
    slots[to + 1] = words[from + 1]!
    slots[to + 2] = words[from + 2]!
  }
}

function read3in3(slots: Uint32Array, mask: number, index: number, words: Uint32Array, count: number): void {
  for (let i = 0, to = 0; i < count; i++, to += 3) {
    const from = ((index + i) & mask) * 3
    words[to] = slots[from]!
    words[to + 1] = slots[from + 1]!
    words[to + 2] = slots[from + 2]!
  }
}

function write1in3(slots: Uint32Array, mask: number, index: number, words: Uint32Array, count: number): void {
  for (let i = 0; i < count; i++) slots[((index + i) & mask) * 3] = words[i]!
}

function read1in3(slots: Uint32Array, mask: number, index: number, words: Uint32Array, count: number): void {
  for (let i = 0; i < count; i++) words[i] = slots[((index + i) & mask) * 3]!
}

function write2in2(slots: Uint32Array, mask: number, index: number, words: Uint32Array, count: number): void {
  for (let i = 0, from = 0; i < count; i++, from += 2) {
    const to = ((index + i) & mask) * 2
    slots[to] = words[from]!
    slots[to + 1] = words[from + 1]!
  }
}

function read2in2(slots: Uint32Array, mask: number, index: number, words: Uint32Array, count: number): void {
  for (let i = 0, to = 0; i < count; i++, to += 2) {
    const from = ((index + i) & mask) * 2
    words[to] = slots[from]!
    words[to + 1] = slots[from + 1]!
  }
}

function write4in4(slots: Uint32Array, mask: number, index: number, words: Uint32Array, count: number): void {
  for (let i = 0, from = 0; i < count; i++, from += 4) {
    const to = ((index + i) & mask) * 4
    for (let j = 0; j < 4; j++) slots[to + j] = words[from + j]!
  }
}

function read4in4(slots: Uint32Array, mask: number, index: number, words: Uint32Array, count: number): void {
  for (let i = 0, to = 0; i < count; i++, to += 4) {
    const from = ((index + i) & mask) * 4
    for (let j = 0; j < 4; j++) words[to + j] = slots[from + j]!
  }
}

function write3in4(slots: Uint32Array, mask: number, index: number, words: Uint32Array, count: number): void {
  for (let i = 0, from = 0; i < count; i++, from += 3) {
    const to = ((index + i) & mask) * 4
    for (let j = 0; j < 3; j++) slots[to + j] = words[from + j]!
  }
}

function read3in4(slots: Uint32Array, mask: number, index: number, words: Uint32Array, count: number): void {
  for (let i = 0, to = 0; i < count; i++, to += 3) {
    const from = ((index + i) & mask) * 4
    for (let j = 0; j < 3; j++) words[to + j] = slots[from + j]!
  }
}

export const slotCopies: Readonly<Record<RingKind, SlotCopies>> = {
  tx: { writeRequests: write3in3, readRequests: read3in3, writeResponses: write1in3, readResponses: read1in3 },
  rx: { writeRequests: write2in2, readRequests: read2in2, writeResponses: write2in2, readResponses: read2in2 },
  ctrl: { writeRequests: write4in4, readRequests: read4in4, writeResponses: write3in4, readResponses: read3in4 },
}
