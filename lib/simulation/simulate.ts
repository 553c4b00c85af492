import { setImmediate as nextTurn } from 'node:timers/promises'

import { checkObject, checkInteger } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { native } from '../native.ts'
import type { NativeWorld } from './native-binding.ts'
import { buildResults } from './results.ts'
import type { Results } from './results.ts'
import type { Scenario } from './scenario.ts'
import { Sampler } from './series.ts'
import { worldOptions } from './world-options.ts'

/** How far a run is. */
export interface Progress {
  simulatedNs: number
  durationNs: number
  wallSeconds: number
}

export interface SimulateOptions {
  /** Stops the run between two slices; the results up to there are returned, with `aborted: true`. */
  signal?: AbortSignal
  /** Called after each slice, every few milliseconds. */
  onProgress?: (progress: Progress) => void
}

/** Wall time of a slice: short enough for a server that simulates beside its work. */
const sliceMs = 5
const leastEvents = 256
const mostEvents = 1 << 22

/**
 * Runs a scenario in virtual time. The event loop turns every few milliseconds while it runs.
 *
 * @param scenario - from parseScenario or checkScenario
 * @throws {@link RingbackError} ERR_PCAP where a capture cannot be replayed; ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
 * where `scenario` is not what those functions return; the signal's reason where it is aborted
 * before the run begins
 * @example
 * const results = await simulate(parseScenario(text, { file: 'web.yaml' }))
 * console.log(results.vifs.web.throughputBps)
 */
export async function simulate(scenario: Scenario, options: SimulateOptions = {}): Promise<Results> {
  checkArguments(scenario, options)
  const { signal } = options
  const prepared = await worldOptions(scenario)
  signal?.throwIfAborted()
  const world = new native.World(prepared)
  try {
    const sampler = new Sampler(scenario, world)
    const started = performance.now()
    const simulatedNs = await drive({ scenario, world, sampler, started, ...options })
    const wallSeconds = (performance.now() - started) / 1000
    const aborted = simulatedNs < scenario.durationNs
    return buildResults({ scenario, world, simulatedNs, wallSeconds, aborted, series: sampler.series })
  } finally {
    world.close()
  }
}

/** What would make the loop run for ever; the addon checks the rest. */
function checkArguments(scenario: Scenario, options: SimulateOptions): void {
  checkObject(scenario, 'scenario')
  checkObject(options, 'options')
  const { durationNs, output, nics, vifs, traffic } = scenario
  checkInteger(durationNs, 'scenario.durationNs', 1, Number.MAX_SAFE_INTEGER)
  checkObject(output, 'scenario.output')
  checkInteger(output.intervalNs, 'scenario.output.intervalNs', 1, Number.MAX_SAFE_INTEGER)
  for (const [name, list] of Object.entries({ nics, vifs, traffic }))
    if (!Array.isArray(list)) throw new RingbackError('ERR_INVALID_ARGUMENT', `scenario.${name} must be an array`)
}

interface Drive extends SimulateOptions {
  scenario: Scenario
  world: NativeWorld
  sampler: Sampler
  started: number
}

/** Runs to the end or until the signal; returns the virtual time reached. */
async function drive({ scenario, world, sampler, started, signal, onProgress }: Drive): Promise<number> {
  const { durationNs, output } = scenario
  let nowNs = 0
  let events = leastEvents
  let turned = performance.now()
  for (let boundary = 1; nowNs < durationNs && !signal?.aborted; boundary++) {
    const untilNs = Math.min(boundary * output.intervalNs, durationNs)
    while (nowNs < untilNs && !signal?.aborted) {
      const before = performance.now()
      nowNs = world.run(untilNs, events)
      const after = performance.now()
      if (nowNs < untilNs) events = adapt(events, after - before)
      if (after - turned < sliceMs) continue
      onProgress?.({ simulatedNs: nowNs, durationNs, wallSeconds: (after - started) / 1000 })
      await nextTurn()
      turned = performance.now()
    }
    sampler.sample(nowNs)
  }
  onProgress?.({ simulatedNs: nowNs, durationNs, wallSeconds: (performance.now() - started) / 1000 })
  return nowNs
}

/** The number of events that took about a slice, by doubling and halving. */
function adapt(events: number, tookMs: number): number {
  if (tookMs > sliceMs) return Math.max(leastEvents, events / 2)
  return tookMs < sliceMs / 2 ? Math.min(mostEvents, events * 2) : events
}
