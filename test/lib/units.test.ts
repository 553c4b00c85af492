import { readFileSync } from 'node:fs'

import test from 'ava'
import fc from 'fast-check'
import * as ringback from 'ringback'

interface Good {
  text: string
  creditBytes: number
  creditUsec: number
}

interface Bad {
  text: string
  reason: string
}

interface Vectors {
  good: Good[]
  fractions: Good[]
  errors: Bad[]
  errorsOfOurOwn: Bad[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../test/vectors/xl-rates.json', import.meta.url), 'utf8'),
) as Vectors

function isUnitError(error: unknown): boolean {
  return error instanceof ringback.RingbackError && error.code === 'ERR_UNIT' && !/[\n\r]/.test(error.message)
}

for (const { text, creditBytes, creditUsec } of [...vectors.good, ...vectors.fractions])
  test(`parseRate ${text}`, (t) => {
    const rate = ringback.parseRate(text)
    t.deepEqual([rate.creditBytes, rate.creditUsec], [creditBytes, creditUsec])
  })

for (const { text, reason } of [...vectors.errors, ...vectors.errorsOfOurOwn])
  test(`parseRate refuses ${JSON.stringify(text)}: ${reason}`, (t) => {
    const error = t.throws(() => ringback.parseRate(text), { instanceOf: ringback.RingbackError, code: 'ERR_UNIT' })
    t.true(error.message.includes(reason), error.message)
    t.regex(error.message, /^"[^\n]*; [^\n]+$/, 'what, and how to write it right, on one line')
  })

test('rates keep what was written beside what xl makes of it', (t) => {
  t.is(ringback.parseRate('15b/s@1s').bitsPerSecond, 15)
  t.is(ringback.enforcedBps(ringback.parseRate('15b/s@1s')), 8)
  t.is(ringback.enforcedBps(ringback.parseRate('64Kb/s@1s')), 64000)
})

test('parseBitRate reads the same words without an interval', (t) => {
  t.is(ringback.parseBitRate('2.5Gb/s'), 2_500_000_000)
  t.is(ringback.parseBitRate('1B/s'), 8)
  t.is(ringback.parseBitRate('10000Gb/s'), 10e12)
  for (const text of ['10Mb/s@50ms', '0b/s', '10Mb', '2000000GB/s', 'fast'])
    t.throws(() => ringback.parseBitRate(text), { code: 'ERR_UNIT' }, text)
})

test('parseDuration', (t) => {
  const good = { '0': 0, '0s': 0, '1ns': 1, '1.5us': 1500, '20ms': 20e6, '0.1s': 1e8, '1.000000001s': 1_000_000_001 }
  for (const [text, ns] of Object.entries({ ...good, '2m': 120e9, '1.5h': 5.4e12, '720h': 2.592e15 }))
    t.is(ringback.parseDuration(text), ns, text)
  const bad: [string, RegExp][] = [
    ['5', /not a duration/],
    ['', /not a duration/],
    ['5 s', /not a duration/],
    ['5S', /not a duration/],
    ['1d', /not a duration/],
    ['1s\n', /not a duration/],
    ['-5s', /negative/],
    ['0.5ns', /part of a nanosecond/],
    ['99999999999h', /too large/],
  ]
  for (const [text, reason] of bad) t.throws(() => ringback.parseDuration(text), { code: 'ERR_UNIT', message: reason })
})

test('parseSize', (t) => {
  const good = { '0B': 0, '1B': 1, '512KB': 512_000, '1.5MB': 1_500_000, '2GB': 2e9, '1KiB': 1024, '0.5MiB': 524_288 }
  for (const [text, bytes] of Object.entries({ ...good, '3GiB': 3 * 2 ** 30 })) t.is(ringback.parseSize(text), bytes)
  const bad: [string, RegExp][] = [
    ['5', /not a size/],
    ['5kB', /not a size/],
    ['5Kb', /not a size/],
    ['5TB', /not a size/],
    ['-1KB', /negative/],
    ['0.5B', /part of a byte/],
    ['9999999999GB', /too large/],
  ]
  for (const [text, reason] of bad) t.throws(() => ringback.parseSize(text), { code: 'ERR_UNIT', message: reason })
})

test('formatting', (t) => {
  t.is(ringback.formatRate(16_000_000), '16Mb/s')
  t.is(ringback.formatRate(0), '0b/s')
  t.is(ringback.formatRate(1_234_567), '1.234567Mb/s')
  t.is(ringback.formatDuration(50_000_000), '50ms')
  t.is(ringback.formatDuration(1), '1ns')
  t.is(ringback.formatBytes(20_975_102, { digits: 4 }), '20.98MB')
  t.is(ringback.formatBytes(999_960, { digits: 4 }), '1MB', 'rounding decides the unit')
  t.is(ringback.formatDuration(0.25, { digits: 3 }), '0.25ns')
  t.is(ringback.formatCap(ringback.parseRate('8Mb/s@1s')), '8Mb/s@1s')
  t.is(ringback.formatCap(ringback.parseRate('8Mb/s@50ms')), '8Mb/s')
  for (const value of [-1, NaN, Infinity]) t.throws(() => ringback.formatRate(value), { code: 'ERR_OUT_OF_RANGE' })
})

test('what is written exactly reads back as the same number', (t) => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      t.is(ringback.parseDuration(ringback.formatDuration(value)), value)
      t.is(ringback.parseSize(ringback.formatBytes(value)), value)
      if (value > 0) t.is(ringback.parseBitRate(ringback.formatRate(value)), value)
    }),
  )
})

const rateText = fc
  .tuple(
    fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    fc.constantFrom('', 'K', 'M', 'G'),
    fc.constantFrom('b', 'B'),
    fc.option(fc.tuple(fc.integer({ min: 1, max: 5_000_000 }), fc.constantFrom('', 's', 'm', 'ms', 'u', 'us'))),
  )
  .map(([number, prefix, unit, interval]) => ({ number, prefix, unit, interval }))

test("parseRate computes what xl's arithmetic on 64-bit integers gives", (t) => {
  const factors: Record<string, bigint> = { '': 1n, K: 1000n, M: 1_000_000n, G: 1_000_000_000n }
  fc.assert(
    fc.property(rateText, ({ number, prefix, unit, interval }) => {
      const text = `${number}${prefix}${unit}/s${interval ? `@${interval.join('')}` : ''}`
      const bytes = (BigInt(number) * (factors[prefix] ?? 0n)) / (unit === 'b' ? 8n : 1n)
      const micros = { m: 1000n, u: 1n }[interval?.[1][0] ?? ''] ?? 1_000_000n
      const usec = interval ? BigInt(interval[0]) * micros : 50_000n
      const credit = (bytes * usec) / 1_000_000n
      if (usec >= 2n ** 32n || bytes * usec >= 2n ** 64n || credit === 0n) {
        t.throws(() => ringback.parseRate(text), { code: 'ERR_UNIT' }, text)
        return
      }
      const rate = ringback.parseRate(text)
      t.deepEqual([BigInt(rate.creditBytes), BigInt(rate.creditUsec)], [credit, usec], text)
      if (rate.bitsPerSecond <= 2 ** 53) t.deepEqual(ringback.parseRate(ringback.formatCap(rate)), rate, text)
    }),
    { numRuns: 1000 },
  )
})

test('any text gives a number or a unit error of one line', (t) => {
  const nearly = fc.string({ unit: fc.constantFrom(...'0159.@/-+ bBsmunKMGihZe\n'), maxLength: 20 })
  const { parseBitRate, parseDuration, parseRate, parseSize } = ringback
  fc.assert(
    fc.property(fc.oneof(fc.string(), nearly), (text) => {
      for (const parse of [(s: string) => parseRate(s).creditBytes, parseBitRate, parseDuration, parseSize])
        try {
          t.true(Number.isSafeInteger(parse(text)))
        } catch (error) {
          t.true(isUnitError(error), String(error))
        }
    }),
    { numRuns: 2000 },
  )
})

test('arguments of a wrong type are refused by name', (t) => {
  const { formatBytes, formatCap, formatDuration, formatRate } = ringback
  const { parseBitRate, parseDuration, parseRate, parseSize } = ringback
  const values = [undefined, null, 1, {}, [], Symbol('s'), 1n, NaN]
  for (const parse of [parseBitRate, parseDuration, parseRate, parseSize] as ((text: unknown) => unknown)[])
    for (const value of values) t.throws(() => parse(value), { code: 'ERR_INVALID_ARGUMENT', message: /^text must be/ })
  for (const format of [formatBytes, formatDuration, formatRate] as ((value: unknown, options?: unknown) => string)[]) {
    for (const value of [undefined, null, '1', {}, 1n]) t.throws(() => format(value), { code: 'ERR_INVALID_ARGUMENT' })
    for (const digits of [0, 2, 16, 3.5, NaN]) t.throws(() => format(1, { digits }), { code: 'ERR_OUT_OF_RANGE' })
    t.throws(() => format(1, null), { code: 'ERR_INVALID_ARGUMENT' })
    t.throws(() => format(1, { digits: '3' }), { code: 'ERR_INVALID_ARGUMENT' })
  }
  for (const value of [undefined, null, 1, {}])
    t.throws(() => (formatCap as (rate: unknown) => string)(value), { instanceOf: ringback.RingbackError })
})
