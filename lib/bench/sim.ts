import { execFile } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { RingbackError } from '../errors.ts'
import { Simulation } from '../simulation/simulation.ts'
import { compilerHint, type NativeProgram } from './native-program.ts'
import { runEventLoop } from './peers/event-loop.ts'
import type { BenchOptions, BenchResults } from './results.ts'
import { type Case, checkOptions, runRounds } from './rounds.ts'
import { checkDelivered, loopScenario, ringbackScenario } from './sim-scenario.ts'
import { elapsedNsOf } from './timing.ts'

const run = promisify(execFile)

const programs: readonly NativeProgram[] = [
  { target: 'sim_bench', rows: 'C++', hint: compilerHint },
  { target: 'ns3_bench', rows: 'ns-3', hint: 'apt-get install libns3-dev' },
]

const peer = 'ringback, from Node'
const payloads = ['none', 'copy'] as const
type Payload = (typeof payloads)[number]
/** A simulator does about so many packets a millisecond: what makes a sample last about as long as it should. */
const packetsPerMs = 2500
const packetsPerSimulatedSecond = 75_000
/** Fewer would not be within 0.1 % of anything. */
const leastSeconds = 0.2
/** Memory is what a world of many vifs, at least so many, takes beyond one of few. */
const fewVifs = 4
const manyVifs = 64

/**
 * Measures simulators on one scenario, in packets a second of wall time: a `Simulation` with and without moving bytes, an event loop
 * written by hand in JavaScript, in C++ ringback's world and another such loop, and ns-3 where it is installed. Packets delivered are
 * within 0.1 % of the expected number in every sample. Memory is what a vif adds to the process. `at` is the number of vifs, 1 to 4096.
 *
 * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_STATE where packets are missing
 * @example
 * const { rows } = await benchSim({ rounds: 3, at: [4, 64] })
 */
export async function benchSim(options: BenchOptions = {}): Promise<BenchResults> {
  const checked = checkOptions({ sampleMs: 20, ...options }, { defaults: [4, 16, 64, 1024], most: 4096 })
  const seconds = Math.max(leastSeconds, (checked.sampleMs * packetsPerMs) / packetsPerSimulatedSecond)
  const speeds = checked.at.flatMap((vifs) => [
    ...payloads.map((payload) => ringbackCase(vifs, payload, seconds, checked.signal)),
    loopCase(vifs, seconds),
  ])
  for (const { measure } of speeds) {
    checked.signal?.throwIfAborted()
    await measure() // so that the first round runs optimised
  }
  const cases = [...speeds, ...memoryCases(Math.max(...checked.at), checked.signal)]
  return runRounds({ name: 'sim', axis: 'vifs', programs, cases, notes: [] }, checked)
}

function ringbackCase(vifs: number, payload: Payload, seconds: number, signal: AbortSignal | undefined): Case {
  const { scenario, expected, warmNs, expectedWarm } = ringbackScenario(vifs, payload, seconds)
  const measure = async (): Promise<number> => {
    const simulation = await Simulation.create(scenario)
    try {
      const options = signal && { signal }
      await simulation.run(warmNs, options)
      const start = process.hrtime.bigint()
      await simulation.run(scenario.durationNs, options)
      const ns = Number(process.hrtime.bigint() - start)
      signal?.throwIfAborted()
      const { packets } = simulation.results()
      checkDelivered(`${peer}, ${vifs} vifs, payload ${payload}`, packets.delivered, expected)
      return (1e3 * expectedWarm) / ns
    } finally {
      simulation.close()
    }
  }
  return { peer, job: `payload ${payload}`, unit: 'M packets/s', at: vifs, measure }
}

function loopCase(hosts: number, seconds: number): Case {
  const peer = 'JS loop, binary heap'
  const { scenario, expected } = loopScenario(hosts, seconds)
  const measure = (): number => {
    let delivered = 0
    const ns = elapsedNsOf(() => {
      delivered = runEventLoop(scenario)
    })
    checkDelivered(`${peer}, ${hosts} hosts`, delivered, expected)
    return (1e3 * delivered) / ns
  }
  return { peer, job: 'payload none', unit: 'M packets/s', at: hosts, measure }
}

function memoryCases(vifs: number, signal: AbortSignal | undefined): Case[] {
  if (vifs < manyVifs) return []
  return payloads.map((payload) => ({
    peer,
    job: `memory, payload ${payload}`,
    unit: 'KB/vif',
    at: vifs,
    measure: async () => {
      const [many, few] = [await residentBytes(vifs, payload, signal), await residentBytes(fewVifs, payload, signal)]
      return (many - few) / (vifs - fewVifs) / 1e3
    },
  }))
}

/** What a process of its own holds after it ran the scenario. */
async function residentBytes(vifs: number, payload: Payload, signal: AbortSignal | undefined): Promise<number> {
  const script = fileURLToPath(new URL('sim-memory.js', import.meta.url))
  const { stdout } = await run(process.execPath, [script, String(vifs), payload], signal && { signal }).catch(
    (error: unknown) => {
      signal?.throwIfAborted()
      throw error
    },
  )
  const bytes = Number(stdout)
  if (!(bytes > 0)) throw new RingbackError('ERR_STATE', `the memory of ${vifs} vifs was not measured`)
  return bytes
}
