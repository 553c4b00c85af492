import test from 'ava'
import fc from 'fast-check'
import {
  decodeRxRequest,
  decodeRxResponse,
  decodeTxRequest,
  decodeTxResponse,
  encodeRxRequest,
  encodeRxResponse,
  encodeTxRequest,
  encodeTxResponse,
} from 'ringback'

const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffff_ffff)
const status = fc.integer({ min: -0x8000, max: 0x7fff })

test('a request lies in its slot as Xen has it', (t) => {
  const words = new Uint32Array(6)
  encodeTxRequest(words, 1, { gref: 0x04030201, offset: 0x0605, flags: 0x0807, id: 0x0a09, size: 0x0c0b })
  t.deepEqual([...new Uint8Array(words.buffer, 12)], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  encodeTxResponse(words, 0, { id: 0x0201, status: -2 })
  t.deepEqual([...new Uint8Array(words.buffer, 0, 4)], [1, 2, 0xfe, 0xff])
  encodeRxRequest(words, 0, { id: 0x0201, gref: 0x08070605 })
  t.deepEqual([...new Uint8Array(words.buffer, 0, 8)], [1, 2, 0, 0, 5, 6, 7, 8])
  encodeRxResponse(words, 0, { id: 0x0201, offset: 0x0403, flags: 0x0605, status: -1 })
  t.deepEqual([...new Uint8Array(words.buffer, 0, 8)], [1, 2, 3, 4, 5, 6, 0xff, 0xff])
})

test('what was encoded decodes to itself', (t) => {
  const words = new Uint32Array(12)
  const index = fc.nat(3)
  fc.assert(
    fc.property(index, fc.record({ gref: u32, offset: u16, flags: u16, id: u16, size: u16 }), (at, request) => {
      encodeTxRequest(words, at, request)
      t.deepEqual(decodeTxRequest(words, at), request)
    }),
  )
  fc.assert(
    fc.property(index, fc.record({ id: u16, status }), (at, response) => {
      encodeTxResponse(words, at, response)
      t.deepEqual(decodeTxResponse(words, at), response)
    }),
  )
  fc.assert(
    fc.property(index, fc.record({ id: u16, gref: u32 }), (at, request) => {
      encodeRxRequest(words, at, request)
      t.deepEqual(decodeRxRequest(words, at), request)
    }),
  )
  fc.assert(
    fc.property(index, fc.record({ id: u16, offset: u16, flags: u16, status }), (at, response) => {
      encodeRxResponse(words, at, response)
      t.deepEqual(decodeRxResponse(words, at), response)
    }),
  )
})

test('fields that do not fit are refused and change nothing', (t) => {
  const words = new Uint32Array(3)
  const good = { gref: 1, offset: 2, flags: 3, id: 4, size: 5 }
  for (const field of ['gref', 'offset', 'flags', 'id', 'size'] as const) {
    for (const value of [-1, 2 ** 32, Number.NaN, 0.5])
      t.throws(() => encodeTxRequest(words, 0, { ...good, [field]: value }), {
        name: 'RingbackError',
        code: 'ERR_OUT_OF_RANGE',
        message: new RegExp(`^${field} must be`),
      })
  }
  for (const value of [-0x8001, 0x8000, Number.NaN])
    t.throws(() => encodeTxResponse(words, 0, { id: 1, status: value }), {
      code: 'ERR_OUT_OF_RANGE',
      message: /status/,
    })
  t.deepEqual(words[0], 0)
  t.throws(() => encodeTxRequest(words, 1, good), { code: 'ERR_OUT_OF_RANGE', message: /index/ })
  t.throws(() => decodeTxRequest(words, -1), { code: 'ERR_OUT_OF_RANGE', message: /index/ })
  t.throws(() => decodeRxResponse(words, 1), { code: 'ERR_OUT_OF_RANGE', message: /index/ })
})
