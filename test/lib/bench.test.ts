import test from 'ava'
import { benchRings } from 'ringback'

// The first run builds the C++ program.
const patienceMs = 300_000

// The shape of the result, small and untimed: figures are for `ringback bench rings`.
test.serial('the ring benchmark measures every peer in every round', async (t) => {
  t.timeout(patienceMs)
  const batches = [1, 32]
  const progress: number[] = []
  const results = await benchRings({
    rounds: 2,
    batches,
    sampleMs: 0.05,
    onProgress: ({ done, total }) => progress.push(done / total),
  })
  t.is(results.rounds, 2)
  t.is(results.machine.node, process.version)
  t.true(results.machine.cores >= 1)
  t.is(progress.at(-1), 1)
  for (const { peer, job, unit, batch, median, min, max } of results.rows) {
    t.true(['pairs', 'round trip', 'one thread'].includes(job), job)
    t.is(
      unit,
      new Map([
        ['pairs', 'M pairs/s'],
        ['round trip', 'ns'],
        ['one thread', 'ns/pair'],
      ]).get(job) ?? '',
    )
    t.true(batches.includes(batch))
    t.true(0 < min && min <= median && median <= max && Number.isFinite(max), `${peer} ${job}`)
  }
  const keys = results.rows.map(({ peer, job, batch }) => `${peer}/${job}/${batch}`)
  t.is(new Set(keys).size, keys.length)
  if (results.machine.cores > 1)
    for (const peer of ['ringback, JS ring', 'ringback, native ring from JS'])
      for (const batch of batches) t.true(keys.includes(`${peer}/pairs/${batch}`), peer)
  const missing = ['ringback, C++', 'Xen ring.h, C++'].filter((peer) => !keys.includes(`${peer}/one thread/1`))
  t.is(missing.length > 0, results.notes.length > 0, results.notes.join('\n'))
})

test('the ring benchmark refuses what it cannot run', async (t) => {
  for (const options of [{ rounds: 0 }, { rounds: Number.NaN }, { batches: [0] }, { batches: [257] }, { sampleMs: 0 }])
    await t.throwsAsync(benchRings(options), { name: 'RingbackError', code: 'ERR_OUT_OF_RANGE' })
  await t.throwsAsync(benchRings({ batches: [] }), { name: 'RingbackError', code: 'ERR_INVALID_ARGUMENT' })
})

test.serial('an aborted benchmark stops', async (t) => {
  t.timeout(patienceMs)
  const controller = new AbortController()
  const running = benchRings({
    rounds: 1000,
    batches: [1],
    sampleMs: 0.05,
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('enough')),
  })
  await t.throwsAsync(running, { message: 'enough' })
})
