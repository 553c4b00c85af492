import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

import test from 'ava'
import { parseScenario, simulate, Simulation } from 'ringback'
import type { Results, Scenario } from 'ringback'

import { imbalances } from './conservation.ts'

// What runs of many kinds gave before, in test/sim/traces.json: an optimisation must give the same. Where a change is
// meant to change what happens in the simulated world, write the table anew and read its diff:
//   RINGBACK_WRITE_TRACES=1 npx ava dist-test/sim/traces.test.js

interface Trace {
  traceHash: string
  offered: number
  delivered: number
  dropped: number
  queued: number
}

const tableFile = 'test/sim/traces.json'
const isWriting = process.env.RINGBACK_WRITE_TRACES === '1'
const table = JSON.parse(readFileSync(tableFile, 'utf8')) as Record<string, Trace>

const scenariosIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => path.posix.join(folder, name))
const examples = scenariosIn('examples')
const scenarios = scenariosIn('test/sim/scenarios')
/** The scenario in whose midst guests come back, and when which of them does. */
const reconnected = 'test/sim/scenarios/queues.yaml'
const reconnects = [
  [7, 'eight'],
  [7, 'two'],
  [23, 'one'],
  [24, 'eight'],
  [41, 'shared'],
] as const
const reconnectedName = `${reconnected}, guests reconnect`

const read = (file: string): Scenario => parseScenario(readFileSync(file, 'utf8'), { file })
const payloads = ['copy', 'none'] as const

function traceOf({ traceHash, packets }: Results): Trace {
  const { offered, delivered, dropped, queued } = packets
  return { traceHash, offered, delivered, dropped, queued }
}

async function inSlices(scenario: Scenario, atMs: (ms: number, simulation: Simulation) => void): Promise<Results> {
  const simulation = await Simulation.create(scenario)
  try {
    for (let ms = 1; ms < scenario.durationNs / 1e6; ms += 1) {
      await simulation.run(ms * 1e6)
      atMs(ms, simulation)
    }
    await simulation.run()
    return simulation.results()
  } finally {
    simulation.close()
  }
}

function reconnectAt(ms: number, simulation: Simulation): void {
  for (const [when, name] of reconnects) if (when === ms) simulation.vifs[name]?.reconnect()
}

if (isWriting) {
  test('the table is written', async (t) => {
    const written: Record<string, Trace> = {}
    for (const file of [...examples, ...scenarios]) written[file] = traceOf(await simulate(read(file)))
    written[reconnectedName] = traceOf(await inSlices(read(reconnected), reconnectAt))
    writeFileSync(tableFile, `${JSON.stringify(written, null, 2)}\n`)
    t.true(Object.keys(written).length >= 10)
  })
} else {
  test('the table has a row for each scenario and no other', (t) => {
    t.deepEqual(Object.keys(table), [...examples, ...scenarios, reconnectedName])
  })

  for (const file of examples)
    test(`${file} gives what it gave`, async (t) => {
      const results = await simulate(read(file))
      t.deepEqual(traceOf(results), table[file])
      t.deepEqual(imbalances(results), [])
    })

  for (const file of scenarios)
    test(`${file} gives what it gave, with payload and without, in one go and in slices`, async (t) => {
      const scenario = read(file)
      for (const payload of payloads) {
        const results = await simulate({ ...scenario, payload })
        t.deepEqual(traceOf(results), table[file], payload)
        t.deepEqual(imbalances(results), [], payload)
        const sliced = await inSlices({ ...scenario, payload }, () => undefined)
        t.deepEqual(traceOf(sliced), table[file], `${payload}, in slices of 1 ms`)
      }
    })

  test(`${reconnectedName}: it gives what it gave`, async (t) => {
    for (const payload of payloads) {
      const results = await inSlices({ ...read(reconnected), payload }, reconnectAt)
      t.deepEqual(traceOf(results), table[reconnectedName], payload)
    }
  })
}
