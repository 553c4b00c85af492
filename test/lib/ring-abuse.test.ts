import test from 'ava'
import {
  createRingMemory,
  initRingMemory,
  JsBackRing,
  JsFrontRing,
  NativeBackRing,
  NativeFrontRing,
  RingbackError,
} from 'ringback'

import { backClasses, frontClasses } from './ring-pairings.ts'

// Every public method against every wrong argument and in every wrong state: an error that says what to do, no crash.

type Call = (...parameters: unknown[]) => unknown

/** Calls a method as untyped JavaScript would. */
const call = (target: object, method: string, ...parameters: unknown[]): unknown =>
  (Reflect.get(target, method) as Call).apply(target, parameters)

const construct = (Class: unknown, options: unknown): unknown => Reflect.construct(Class as new () => object, [options])

const movers = [
  { method: 'pushRequests', front: true, width: 3 },
  { method: 'consumeResponses', front: true, width: 1 },
  { method: 'consumeRequests', front: false, width: 3 },
  { method: 'pushResponses', front: false, width: 1 },
]
const lookers = {
  front: ['unconsumedResponses', 'finalCheckForResponses'],
  back: ['unconsumedRequests', 'finalCheckForRequests'],
}

const wrongCounts: [unknown, string][] = [
  [Number.NaN, 'ERR_OUT_OF_RANGE'],
  [-1, 'ERR_OUT_OF_RANGE'],
  [0.5, 'ERR_OUT_OF_RANGE'],
  [2 ** 32, 'ERR_OUT_OF_RANGE'],
  [Number.POSITIVE_INFINITY, 'ERR_OUT_OF_RANGE'],
  [9, 'ERR_OUT_OF_RANGE'], // the words hold 8
  ['1', 'ERR_INVALID_ARGUMENT'],
  [1n, 'ERR_INVALID_ARGUMENT'],
  [null, 'ERR_INVALID_ARGUMENT'],
  [undefined, 'ERR_INVALID_ARGUMENT'],
  [{ valueOf: () => 1 }, 'ERR_INVALID_ARGUMENT'],
]
const wrongWords = [
  null,
  undefined,
  5,
  'words',
  [1, 2, 3],
  new Uint8Array(96),
  new Int32Array(24),
  new DataView(new ArrayBuffer(96)),
]

for (const side of ['native', 'js'] as const) {
  const open = (front: boolean, shared = true) => {
    const memory = createRingMemory({ kind: 'tx', shared })
    return { ring: front ? new frontClasses[side](memory) : new backClasses[side](memory), memory }
  }

  for (const { method, front, width } of movers) {
    test(`${side} ${method}: wrong arguments`, (t) => {
      const { ring } = open(front)
      for (const [count, code] of wrongCounts)
        t.throws(() => call(ring, method, new Uint32Array(8 * width), count), {
          name: 'RingbackError',
          code,
          message: /count/,
        })
      for (const words of wrongWords)
        t.throws(() => call(ring, method, words, 1), {
          name: 'RingbackError',
          code: 'ERR_INVALID_ARGUMENT',
          message: 'words must be a Uint32Array',
        })
      t.throws(() => call(ring, method), { code: 'ERR_INVALID_ARGUMENT' })
    })

    test(`${side} ${method}: closed, detached, another's receiver`, (t) => {
      const words = new Uint32Array(8 * width)
      const { ring } = open(front)
      const method_ = Reflect.get(ring, method) as Call
      for (const receiver of [undefined, {}, Object.create(ring) as object, open(!front).ring])
        t.throws(() => method_.call(receiver, words, 1), { instanceOf: TypeError })
      ring.close()
      ring.close()
      t.throws(() => call(ring, method, words, 1), { name: 'RingbackError', code: 'ERR_CLOSED' })

      const gone = open(front, false)
      structuredClone(gone.memory.bytes.buffer, { transfer: [gone.memory.bytes.buffer as ArrayBuffer] })
      t.throws(() => call(gone.ring, method, words, 1), {
        name: 'RingbackError',
        code: 'ERR_STATE',
        message: /detached/,
      })
      gone.ring.close()
      t.throws(() => call(gone.ring, method, words, 1), { code: 'ERR_CLOSED' })

      const detached = new Uint32Array(8 * width)
      structuredClone(detached.buffer, { transfer: [detached.buffer] })
      t.throws(() => call(open(front).ring, method, detached, 1), { code: 'ERR_OUT_OF_RANGE' })
    })
  }

  for (const front of [true, false]) {
    test(`${side} ${front ? 'front' : 'back'}: looking at a ring that is closed or gone`, (t) => {
      const count = front ? 'freeRequests' : 'unansweredRequests'
      const { ring } = open(front)
      const gone = open(front, false)
      structuredClone(gone.memory.bytes.buffer, { transfer: [gone.memory.bytes.buffer as ArrayBuffer] })
      ring.close()
      for (const method of front ? lookers.front : lookers.back) {
        t.throws(() => call(ring, method), { name: 'RingbackError', code: 'ERR_CLOSED' })
        t.throws(() => call(gone.ring, method), { name: 'RingbackError', code: 'ERR_STATE' })
        t.throws(() => (Reflect.get(ring, method) as Call).call({}), { instanceOf: TypeError })
      }
      t.throws(() => Reflect.get(ring, count) as unknown, { code: 'ERR_CLOSED' })
      t.throws(() => Reflect.get(gone.ring, count) as unknown, { code: 'ERR_STATE' })
      t.throws(() => Reflect.get(Object.getPrototypeOf(ring) as object, count, {}) as unknown, {
        instanceOf: TypeError,
      })
      t.is(ring.entries, 256)
    })
  }
}

test('the native ring refuses words in its own memory', (t) => {
  const memory = createRingMemory({ kind: 'tx' })
  const words = new Uint32Array(memory.bytes.buffer, 64, 30)
  t.throws(() => new NativeFrontRing(memory).pushRequests(words, 1), {
    code: 'ERR_INVALID_ARGUMENT',
    message: /own memory/,
  })
})

test('rings are not made of what cannot hold one', (t) => {
  const bytes = new Uint8Array(4096)
  const resizable = Reflect.construct(ArrayBuffer, [4096, { maxByteLength: 8192 }]) as ArrayBuffer
  const wrong: [unknown, string, RegExp][] = [
    [undefined, 'ERR_INVALID_ARGUMENT', /options/],
    [null, 'ERR_INVALID_ARGUMENT', /options/],
    [{ kind: 'blk', bytes }, 'ERR_INVALID_ARGUMENT', /kind/],
    [{ kind: 'toString', bytes }, 'ERR_INVALID_ARGUMENT', /kind/],
    [{ kind: ['tx'], bytes }, 'ERR_INVALID_ARGUMENT', /kind/],
    [{ bytes }, 'ERR_INVALID_ARGUMENT', /kind/],
    [{ kind: 'tx' }, 'ERR_INVALID_ARGUMENT', /bytes/],
    [{ kind: 'tx', bytes: bytes.buffer }, 'ERR_INVALID_ARGUMENT', /bytes/],
    [{ kind: 'tx', bytes: new Uint32Array(1024) }, 'ERR_INVALID_ARGUMENT', /bytes/],
    [{ kind: 'tx', bytes: new Uint8Array(resizable) }, 'ERR_INVALID_ARGUMENT', /fixed/],
    [{ kind: 'tx', bytes: new Uint8Array(0) }, 'ERR_OUT_OF_RANGE', /pages/],
    [{ kind: 'tx', bytes: new Uint8Array(2048) }, 'ERR_OUT_OF_RANGE', /pages/],
    [{ kind: 'tx', bytes: new Uint8Array(3 * 4096) }, 'ERR_OUT_OF_RANGE', /pages/],
    [{ kind: 'tx', bytes: new Uint8Array(32 * 4096) }, 'ERR_OUT_OF_RANGE', /pages/],
    [{ kind: 'tx', bytes: new Uint8Array(8192).subarray(2, 4098) }, 'ERR_OUT_OF_RANGE', /aligned/],
    [{ kind: 'tx', bytes, startIndex: -1 }, 'ERR_OUT_OF_RANGE', /startIndex/],
    [{ kind: 'tx', bytes, startIndex: 2 ** 32 }, 'ERR_OUT_OF_RANGE', /startIndex/],
    [{ kind: 'tx', bytes, startIndex: Number.NaN }, 'ERR_OUT_OF_RANGE', /startIndex/],
    [{ kind: 'tx', bytes, startIndex: '0' }, 'ERR_INVALID_ARGUMENT', /startIndex/],
  ]
  for (const [options, code, message] of wrong) {
    for (const Class of [NativeFrontRing, NativeBackRing, JsFrontRing, JsBackRing])
      t.throws(() => construct(Class, options), { name: 'RingbackError', code, message })
    t.throws(() => call({ initRingMemory }, 'initRingMemory', options), { name: 'RingbackError', code, message })
  }
})

test('memory is not made of wrong options', (t) => {
  const make = (options: unknown) => call({ createRingMemory }, 'createRingMemory', options)
  t.throws(() => make(undefined), { instanceOf: RingbackError, message: /options/ })
  t.throws(() => make({}), { code: 'ERR_INVALID_ARGUMENT', message: /kind/ })
  for (const order of [-1, 5, 0.5, Number.NaN, 2 ** 32])
    t.throws(() => make({ kind: 'tx', order }), {
      code: 'ERR_OUT_OF_RANGE',
      message: 'order must be an integer from 0 to 4',
    })
  t.throws(() => make({ kind: 'tx', order: '0' }), { code: 'ERR_INVALID_ARGUMENT', message: /order/ })
  t.throws(() => make({ kind: 'tx', startIndex: 2 ** 32 }), { code: 'ERR_OUT_OF_RANGE', message: /startIndex/ })
  t.throws(() => make({ kind: 'tx', shared: 1 }), { code: 'ERR_INVALID_ARGUMENT', message: /shared/ })
})
