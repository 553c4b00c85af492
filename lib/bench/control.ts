import { Controller } from '../controller.ts'
import { RingbackError } from '../errors.ts'
import { type PlainSample, PlainController, type PlainVif } from './peers/plain-controller.ts'
import type { BenchOptions, BenchResults } from './results.ts'
import { type Case, checkOptions, runRounds } from './rounds.ts'
import { sized } from './sizing.ts'
import { elapsedNsOf, undisturbedValue } from './timing.ts'

const intervalNs = 100_000_000
/** Rates are drawn anew so often, one vif of so many at each tick. */
const changeEvery = 8
const unitBps = 1_000_000

/** Takes a sample and says what the rates are then, added up with their places. */
type Tick = (sample: PlainSample) => number

interface Peer {
  name: string
  job: string
  make: (vifs: readonly PlainVif[], capacityBps: number) => Tick
}

const peers: readonly Peer[] = [
  { name: 'ringback, Controller', job: 'a tick, adaptive', make: (...world) => controllerTick('adaptive', ...world) },
  { name: 'fresh objects and sorting', job: 'a tick, adaptive', make: plainTick },
  { name: 'ringback, Controller', job: 'a tick, reserved', make: (...world) => controllerTick('reserved', ...world) },
]

/**
 * Measures controllers, in microseconds a tick: reading counters that changed to rates. Beside ours one that is written without a
 * thought of speed; both must come to the same rates. One vif of eight changes what it sends at every tick, and there is more than
 * the uplink can carry. `at` is the number of vifs, 1 to 4096.
 *
 * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_STATE where the rates differ
 * @example
 * const { rows } = await benchControl({ rounds: 5, at: [1024] })
 */
export async function benchControl(options: BenchOptions = {}): Promise<BenchResults> {
  const checked = checkOptions(options, { defaults: [16, 64, 256, 1024], most: 4096 })
  const cases: Case[] = []
  for (const at of checked.at) {
    checkSameRates(at)
    for (const { name, job, make } of peers) {
      const runNs = (counters: number): number => {
        const world = new MadeUpWorld(at)
        const tick = make(world.vifs, world.capacityBps)
        return elapsedNsOf(() => {
          for (let read = 0; read < counters; read += at) tick(world.next())
        })
      }
      const counters = await sized(runNs, checked.sampleMs * 1e6, { step: at, signal: checked.signal })
      const measure = (): Promise<number> =>
        undisturbedValue(() => runNs(counters) / (counters / at) / 1e3, checked.sampleMs)
      cases.push({ peer: name, job, unit: 'us', at, measure })
    }
  }
  return runRounds({ name: 'control', axis: 'vifs', programs: [], cases, notes: [] }, checked)
}

/** @throws RingbackError ERR_STATE unless the adaptive peers agree at each of some ticks */
function checkSameRates(count: number): void {
  const adaptive = peers.filter(({ job }) => job.includes('adaptive'))
  const worlds = adaptive.map(({ make }) => {
    const world = new MadeUpWorld(count)
    return { world, tick: make(world.vifs, world.capacityBps) }
  })
  for (let ticks = 0; ticks < 50; ticks++) {
    const [ours, plain] = worlds.map(({ world, tick }) => tick(world.next()))
    if (ours !== plain)
      throw new RingbackError('ERR_STATE', `the two controllers of ${count} vifs differ at tick ${ticks}`)
  }
}

function controllerTick(policy: 'adaptive' | 'reserved', vifs: readonly PlainVif[], capacityBps: number): Tick {
  const controller = new Controller({
    policy,
    uplinks: [{ name: 'uplink', capacityBps }],
    vifs: vifs.map((vif, i) => ({ ...vif, name: `vif${i}`, uplink: 'uplink' })),
  })
  const uplinks = [{ bytes: 0, capacityBps }]
  return ({ timeNs, vifs: counters }) => {
    const decision = controller.tick({ timeNs, vifs: counters, uplinks })
    let sum = 0
    for (let i = 0; i < decision.vifs.length; i++) sum += (decision.vifs[i]!.rateBps ?? 0) * (i + 1)
    return sum
  }
}

function plainTick(vifs: readonly PlainVif[]): Tick {
  const controller = new PlainController([...vifs])
  return (sample) => controller.tick(sample).reduce((sum, bps, i) => sum + bps * (i + 1), 0)
}

/** Vifs with mins, caps and weights on an uplink that is asked for about twice what it has, and their counters. */
class MadeUpWorld {
  readonly vifs: readonly PlainVif[]
  readonly capacityBps: number
  readonly #sample: PlainSample
  readonly #sentBps: number[]
  #state = 1

  constructor(count: number) {
    this.vifs = Array.from({ length: count }, () => ({
      minBps: this.#draw(10) * unitBps,
      capBps: (40 + this.#draw(400)) * unitBps,
      weight: 1 + this.#draw(8),
    }))
    this.capacityBps = count * 25 * unitBps
    this.#sentBps = this.vifs.map(() => 0)
    const vifs = this.vifs.map(() => ({ bytes: 0, heldBackNs: 0 }))
    this.#sample = { timeNs: 0, vifs, capacityBps: this.capacityBps }
  }

  /** The counters after another interval: the same object each time. */
  next(): PlainSample {
    const sample = this.#sample
    sample.timeNs += intervalNs
    for (let i = 0; i < sample.vifs.length; i++) {
      const counters = sample.vifs[i]!
      if (this.#draw(changeEvery) === 0) this.#sentBps[i] = this.#draw(100) * unitBps
      counters.bytes += this.#sentBps[i]! / 80
      if (this.#sentBps[i]! > 50 * unitBps) counters.heldBackNs += intervalNs / 2
    }
    return sample
  }

  /** A whole number below this one. */
  #draw(below: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * below)
  }
}
