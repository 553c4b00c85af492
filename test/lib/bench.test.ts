import { readFileSync } from 'node:fs'

import test, { type ExecutionContext } from 'ava'
import {
  benchBond,
  benchControl,
  benchCopy,
  type BenchOptions,
  type BenchResults,
  benchRings,
  benchShaper,
  benchSim,
} from 'ringback'
import { z } from 'zod'

import { built } from './built.ts'
import { fakePrograms } from './fake-programs.ts'

const { layer2, layer34 } = await built<typeof import('../../lib/bench/peers/xmit-hash.js')>('bench/peers/xmit-hash')

// The shape of the results, small and untimed: figures are for `ringback bench`. Sums, bytes, rates and numbers of
// packets are checked by the benchmarks themselves, in every sample.

// The first run builds the C++ programs.
const patienceMs = 900_000

const positive = z.number().positive()
const row = z.strictObject({
  peer: z.string().min(1),
  job: z.string().min(1),
  unit: z.string().min(1),
  at: z.int().positive(),
  median: positive,
  min: positive,
  max: positive,
  samples: z.array(positive).min(1),
})
const schema = z.strictObject({
  schema: z.literal('ringback.bench/1'),
  benchmark: z.enum(['rings', 'copy', 'shaper', 'bond', 'sim', 'control']),
  axis: z.string().min(1),
  machine: z.strictObject({
    cpu: z.string().min(1),
    cores: z.int().positive(),
    memoryBytes: z.int().positive(),
    os: z.string().startsWith('Linux '),
    node: z.literal(process.version),
  }),
  commit: z.string().regex(/^([0-9a-f]{7,}(-dirty)?|v\d+\.\d+\.\d+)$/),
  date: z.iso.datetime(),
  rounds: z.int().positive(),
  rows: z.array(row).min(1),
  notes: z.array(z.string().min(1)),
})

const keyOf = ({ peer, job, at }: { peer: string; job: string; at: number }): string => `${peer} / ${job} / ${at}`

/** What is true of every benchmark's results; returns the keys of their rows. */
function checkResults(t: ExecutionContext, results: BenchResults, rounds: number): Set<string> {
  t.notThrows(() => schema.parse(JSON.parse(JSON.stringify(results))))
  t.is(results.rounds, rounds)
  for (const each of results.rows) {
    const { samples, median, min, max } = each
    t.is(samples.length, rounds, keyOf(each))
    t.deepEqual([min, max], [Math.min(...samples), Math.max(...samples)])
    t.true(min <= median && median <= max)
  }
  const keys = new Set(results.rows.map(keyOf))
  t.is(keys.size, results.rows.length)
  return keys
}

/** Runs a benchmark with its C++ programs; what they lack is in the notes. */
async function measured(
  t: ExecutionContext,
  bench: (options: BenchOptions) => Promise<BenchResults>,
  options: BenchOptions,
): Promise<{ keys: Set<string>; results: BenchResults }> {
  t.timeout(patienceMs)
  const progress: number[] = []
  const onProgress = ({ done, total }: { done: number; total: number }) => progress.push(done / total)
  const results = await bench({ rounds: 2, sampleMs: 0.05, ...options, onProgress })
  t.is(progress.at(-1), 1)
  t.deepEqual(progress, progress.toSorted())
  return { keys: checkResults(t, results, 2), results }
}

test.serial('the ring benchmark measures every peer in every round', async (t) => {
  const { keys, results } = await measured(t, benchRings, { at: [1, 32] })
  const pairs = [
    'ringback, JS ring',
    'ringback, native ring from JS',
    'ringback, JS front, native back',
    'ringback, native front, JS back',
    'careful JS sring',
    'ringbuf.js',
  ]
  if (results.machine.cores > 1)
    for (const peer of pairs)
      for (const key of ['pairs / 1', 'pairs / 32', 'round trip / 1']) t.true(keys.has(`${peer} / ${key}`), peer)
  for (const peer of ['ringback, JS ring', 'ringback, native ring from JS', 'careful JS sring', 'denque, objects'])
    for (const batch of [1, 32]) t.true(keys.has(`${peer} / one thread / ${batch}`), peer)
  const missing = ['ringback, C++', 'Xen ring.h, C++'].filter((peer) => !keys.has(`${peer} / one thread / 1`))
  t.true(missing.length === 0 || results.notes.length > 0, results.notes.join('\n'))
})

test.serial('the copy benchmark copies the same bytes in every way', async (t) => {
  const { keys } = await measured(t, benchCopy, { at: [64, 1500] })
  for (const peer of ['ringback, grantCopy from JS', 'ringback, encode and grantCopy from JS'])
    for (const at of [64, 1500])
      for (const job of ['copy, hot', 'copy, beyond L2']) t.true(keys.has(`${peer} / ${job} / ${at}`))
  for (const way of ['Buffer.copy', 'TypedArray.set'])
    for (const memory of ['shared', 'plain']) t.true(keys.has(`${way}, ${memory} memory / copy, hot / 1500`))
})

test.serial('the shaper benchmark measures buckets in turn', async (t) => {
  const { keys } = await measured(t, benchShaper, { at: [1, 16] })
  for (const at of [1, 16]) t.true(keys.has(`JS bucket, netback's arithmetic / one thread / ${at}`))
})

test('hash policies by hand are those of the golden values', (t) => {
  const { frames } = JSON.parse(readFileSync('test/vectors/xmit-hashes.json', 'utf8')) as {
    frames: { name: string; frame: string; layer2: number; 'layer3+4': number }[]
  }
  const ordinary = frames.filter(({ name }) => /^(TCP|UDP) over IPv4$/.test(name))
  t.is(ordinary.length, 2)
  for (const each of ordinary) {
    const bytes = Buffer.from(each.frame, 'hex')
    t.is(layer2(bytes), each.layer2)
    t.is(layer34(bytes), each['layer3+4'])
  }
})

test.serial('the bond benchmark measures decisions by hand and in C++', async (t) => {
  const { keys } = await measured(t, benchBond, { at: [1, 4] })
  for (const at of [1, 4])
    for (const policy of ['layer2', 'layer3+4']) t.true(keys.has(`JS balance-xor, ${policy} / decide / ${at}`))
})

test.serial('the simulation benchmark runs one scenario in every simulator', async (t) => {
  const { keys } = await measured(t, benchSim, { at: [4, 64], sampleMs: 1 })
  for (const at of [4, 64]) {
    for (const payload of ['none', 'copy']) t.true(keys.has(`ringback, from Node / payload ${payload} / ${at}`))
    t.true(keys.has(`JS loop, binary heap / payload none / ${at}`))
  }
  for (const payload of ['none', 'copy']) t.true(keys.has(`ringback, from Node / memory, payload ${payload} / 64`))
})

test.serial('the control benchmark comes to the same rates in two ways', async (t) => {
  const { keys } = await measured(t, benchControl, { at: [1, 64] })
  for (const at of [1, 64]) {
    for (const peer of ['ringback, Controller', 'fresh objects and sorting'])
      t.true(keys.has(`${peer} / a tick, adaptive / ${at}`))
    t.true(keys.has(`ringback, Controller / a tick, reserved / ${at}`))
  }
})

test('benchmarks refuse what they cannot run', async (t) => {
  for (const bench of [benchRings, benchCopy, benchShaper, benchBond, benchSim, benchControl]) {
    for (const options of [{ rounds: 0 }, { rounds: Number.NaN }, { at: [0] }, { at: [1, 70_000] }, { sampleMs: 0 }])
      await t.throwsAsync(bench(options), { name: 'RingbackError', code: 'ERR_OUT_OF_RANGE' })
    for (const options of [{ at: [] }, { at: 'all' as never }, { signal: {} as never }])
      await t.throwsAsync(bench(options), { name: 'RingbackError', code: 'ERR_INVALID_ARGUMENT' })
  }
})

test('an aborted benchmark stops', async (t) => {
  const controller = new AbortController()
  const running = benchShaper({
    rounds: 1000,
    at: [1],
    sampleMs: 0.05,
    programs: fakePrograms(t, {}),
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('enough')),
  })
  await t.throwsAsync(running, { message: 'enough' })
})

test('a program is asked for a round at a time, and its samples are rows', async (t) => {
  const programs = fakePrograms(t, {
    shaper_bench: `
      const words = process.argv.slice(2).join(' ')
      if (words !== '--rounds 1 --at 1,16 --ms 0.05') throw new Error(words)
      for (const at of [1, 16])
        console.log(JSON.stringify({ peer: 'ringback', job: 'one thread', unit: 'ns/packet', at, round: 0, value: at / 3 }))
      console.log('{"repeats":4}')`,
  })
  const results = await benchShaper({ rounds: 3, at: [1, 16], sampleMs: 0.05, programs })
  checkResults(t, results, 3)
  t.deepEqual(results.notes, [])
  t.deepEqual(
    results.rows.filter(({ peer }) => peer === 'ringback, C++').map(({ at, samples }) => ({ at, samples })),
    [
      { at: 1, samples: [0.33333, 0.33333, 0.33333] },
      { at: 16, samples: [5.3333, 5.3333, 5.3333] },
    ],
  )
})

test('a program that fails or prints no sample is an error that says so; a missing one is a note', async (t) => {
  const options = { rounds: 1, at: [1], sampleMs: 0.05 }
  const failing = fakePrograms(t, { shaper_bench: `console.error('xen: the sum is wrong'); process.exit(2)` })
  await t.throwsAsync(benchShaper({ ...options, programs: failing }), {
    code: 'ERR_STATE',
    message: 'shaper_bench failed: xen: the sum is wrong',
  })
  for (const sample of ['{"peer":"a","job":"b","unit":"ns","at":1,"value":0}', '{"peer":"a","job":"b","value":1}'])
    await t.throwsAsync(
      benchShaper({ ...options, programs: fakePrograms(t, { shaper_bench: `console.log('${sample}')` }) }),
      { code: 'ERR_STATE', message: /^shaper_bench failed: no sample: / },
    )
  const { notes } = await benchShaper({ ...options, programs: fakePrograms(t, {}) })
  t.regex(notes.join(), /^C\+\+ rows are missing: there is no shaper_bench in /)
})
