import type { BondMode } from '../bonding/options.ts'
import { Counters } from './counters.ts'
import type { NativeWorld } from './native-binding.ts'
import type { Scenario, ScenarioBond } from './scenario.ts'
import { capBps, liveBps } from './settings.ts'
import { addInterval, noShortfall } from './shortfall.ts'
import type { ShortfallSums } from './shortfall.ts'
import { deliveredBytes, offeredBytes } from './vif-counters.ts'
import type { WorldControl } from './world-control.ts'

/** What happened over time. Each value is of the interval that ends at its `t`; the last one may be shorter. */
export interface Series {
  intervalSeconds: number
  /** Seconds from the start of the run. */
  t: number[]
  vifs: Record<string, VifSeries>
  nics: Record<string, NicSeries>
  bonds: Record<string, BondSeries>
}

export interface VifSeries {
  /** Delivered, in both directions. */
  throughputBps: number[]
  /** Offered, in both directions. */
  demandBps: number[]
  /** Delivered to the guest. */
  receiveBps: number[]
  /** What it was given as the interval ended: its cap, adaptive's rate or reserved's share; null: no limit. */
  allocationBps: (number | null)[]
  /** Whether the controller took it for one that would use more. */
  busy: boolean[]
  /** What it was guaranteed as the interval ended; null: nothing. */
  minBps: (number | null)[]
  /** Its cap as the interval ended; null: none. */
  rateBps: (number | null)[]
}

export interface NicSeries {
  utilisation: number[]
  receiveUtilisation: number[]
  /** Its speed as the interval ended; 0: the link was down. */
  rateBps: number[]
}

export interface BondSeries {
  /** What it carried as the interval ended, as far as it knew. */
  capacityBps: number[]
  /** NICs that it took to be up as the interval ended. */
  upNics: number[]
  /** Times in the interval that traffic had to move from one NIC to others. */
  failovers: number[]
  /** The NIC in use as the interval ended; null: none. Only of modes that use one. */
  activeNic?: (string | null)[]
}

/** A series and what goes with it. */
export interface Recorded {
  series: Series
  /** By row. */
  shortfalls: ShortfallSums[]
}

/** Numbers of a vif, of a NIC and of a bond in a sample, in the order of {@link VifSeries} and so on; NaN: null. */
const vifWidth = 7
const nicWidth = 3
const bondWidth = 4

/** What the counters had at the last sample. */
interface Readings {
  /** By row, {@link vifReadings} numbers each: bytes, and what the min had come to. */
  vifs: Float64Array
  /** By row, the two busy times. */
  nics: Float64Array
  /** By row, failovers. */
  bonds: Float64Array
  shortfalls: ShortfallSums[]
}
const vifReadings = 6
const nicReadings = 2

/** Turns cumulative counters into a series: one {@link sample} an interval. */
export class Sampler {
  readonly #scenario: Scenario
  readonly #control: WorldControl
  readonly #readers: ReturnType<typeof readersOf>
  readonly #t: number[] = []
  /** A sample each: the vifs' numbers, then the NICs', then the bonds'. */
  readonly #samples: Float64Array[] = []
  readonly #readings: Readings
  #lastNs = 0

  constructor(scenario: Scenario, world: NativeWorld, control: WorldControl) {
    this.#scenario = scenario
    this.#control = control
    this.#readers = readersOf(world)
    this.#readings = {
      vifs: new Float64Array(vifReadings * scenario.vifs.length),
      nics: new Float64Array(nicReadings * scenario.nics.length),
      bonds: new Float64Array(scenario.bonds.length),
      shortfalls: scenario.vifs.map(noShortfall),
    }
  }

  /** Ends an interval at `nowNs`; does nothing where no time has passed. */
  sample(nowNs: number): void {
    if (nowNs <= this.#lastNs) return
    this.#t.push(nowNs / 1e9)
    this.#samples.push(this.#take(nowNs, this.#readings))
    this.#lastNs = nowNs
  }

  /** A copy of what was recorded up to `nowNs`, where an interval need not end. */
  recordedAt(nowNs: number): Recorded {
    const { vifs, nics, bonds } = this.#scenario
    const [t, samples] = [[...this.#t], [...this.#samples]]
    const shortfalls = this.#readings.shortfalls.map((sums) => ({ ...sums }))
    if (nowNs > this.#lastNs) {
      t.push(nowNs / 1e9)
      const { vifs: ofVifs, nics: ofNics, bonds: ofBonds } = this.#readings
      const copies = { vifs: ofVifs.slice(), nics: ofNics.slice(), bonds: ofBonds.slice(), shortfalls }
      samples.push(this.#take(nowNs, copies))
    }
    const column = (at: number): number[] => samples.map((values) => values[at] ?? 0)
    const firstNic = vifs.length * vifWidth
    const firstBond = firstNic + nics.length * nicWidth
    const series = {
      intervalSeconds: this.#scenario.output.intervalNs / 1e9,
      t,
      vifs: Object.fromEntries(vifs.map(({ name }, row) => [name, vifSeries(column, row * vifWidth)])),
      nics: Object.fromEntries(nics.map(({ name }, row) => [name, nicSeries(column, firstNic + row * nicWidth)])),
      bonds: Object.fromEntries(
        bonds.map((bond, row) => [bond.name, bondSeries(column, firstBond + row * bondWidth, bond)]),
      ),
    }
    return { series, shortfalls }
  }

  /** The sample that ends at `nowNs`; the readings become those of that time. */
  #take(nowNs: number, readings: Readings): Float64Array {
    const { vifs, nics, bonds } = this.#scenario
    const elapsedNs = nowNs - this.#lastNs
    const [firstNic, firstBond] = [vifs.length * vifWidth, vifs.length * vifWidth + nics.length * nicWidth]
    const sample = new Float64Array(firstBond + bonds.length * bondWidth)
    for (let row = 0; row < vifs.length; row++) this.#takeVif(sample, row, readings, nowNs, elapsedNs)
    for (let row = 0; row < nics.length; row++)
      this.#takeNic(sample, firstNic + row * nicWidth, row, readings.nics, elapsedNs)
    for (let row = 0; row < bonds.length; row++)
      this.#takeBond(sample, firstBond + row * bondWidth, row, readings.bonds)
    return sample
  }

  #takeVif(sample: Float64Array, row: number, { vifs, shortfalls }: Readings, nowNs: number, elapsedNs: number): void {
    const { cap, min } = this.#control.vif(row)
    const readers = this.#readers
    const first = row * vifReadings
    const since = (reading: number, now: number): number => {
      const before = vifs[first + reading] ?? 0
      vifs[first + reading] = now
      return now - before
    }
    const offeredBytes = since(0, readers.sendOffered(row))
    const deliveredBytes = since(1, readers.sendDelivered(row))
    const bps = (bytes: number): number => (bytes * 8e9) / elapsedNs
    const at = row * vifWidth
    sample[at] = bps(deliveredBytes + since(2, readers.receiveDelivered(row)))
    sample[at + 1] = bps(offeredBytes + since(3, readers.receiveOffered(row)))
    sample[at + 2] = bps(since(4, readers.received(row)))
    sample[at + 3] = this.#control.allocationBps(row) ?? NaN
    sample[at + 4] = Number(this.#control.isBusy(row))
    sample[at + 5] = min.value > 0 ? min.value : NaN
    sample[at + 6] = capBps(cap) ?? NaN
    const minBytes = since(5, min.sum(nowNs)) / 8e9
    const sums = shortfalls[row]
    if (sums) addInterval(sums, { elapsedNs, offeredBytes, deliveredBytes, minBytes })
  }

  #takeNic(sample: Float64Array, at: number, row: number, nics: Float64Array, elapsedNs: number): void {
    const [busyNs, receiveBusyNs] = [this.#readers.busyNs(row), this.#readers.receiveBusyNs(row)]
    sample[at] = (busyNs - (nics[row * nicReadings] ?? 0)) / elapsedNs
    sample[at + 1] = (receiveBusyNs - (nics[row * nicReadings + 1] ?? 0)) / elapsedNs
    sample[at + 2] = liveBps(this.#control.nic(row))
    nics.set([busyNs, receiveBusyNs], row * nicReadings)
  }

  #takeBond(sample: Float64Array, at: number, row: number, bonds: Float64Array): void {
    const { capacityBps, upNics, failovers, activeNic } = this.#readers
    const all = failovers(row)
    sample.set([capacityBps(row), upNics(row), all - (bonds[row] ?? 0), activeNic(row)], at)
    bonds[row] = all
  }
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)

function vifSeries(column: (at: number) => number[], at: number): VifSeries {
  return {
    throughputBps: column(at),
    demandBps: column(at + 1),
    receiveBps: column(at + 2),
    allocationBps: column(at + 3).map(orNull),
    busy: column(at + 4).map(Boolean),
    minBps: column(at + 5).map(orNull),
    rateBps: column(at + 6).map(orNull),
  }
}

function nicSeries(column: (at: number) => number[], at: number): NicSeries {
  return { utilisation: column(at), receiveUtilisation: column(at + 1), rateBps: column(at + 2) }
}

/** Modes that have a NIC in use. */
const withActive: readonly BondMode[] = ['active-backup', 'balance-tlb', 'balance-alb']

function bondSeries(column: (at: number) => number[], at: number, { mode, nics }: ScenarioBond): BondSeries {
  return {
    capacityBps: column(at),
    upNics: column(at + 1),
    failovers: column(at + 2),
    ...(withActive.includes(mode) && { activeNic: column(at + 3).map((number) => nics[number - 1] ?? null) }),
  }
}

function readersOf(world: NativeWorld) {
  const vifs = new Counters(world.vifCounters, world.vifCounterNames)
  const nics = new Counters(world.nicCounters, world.nicCounterNames)
  const bonds = new Counters(world.bondCounters, world.bondCounterNames)
  return {
    sendOffered: vifs.reader(...offeredBytes('tx')),
    sendDelivered: vifs.reader(...deliveredBytes('tx')),
    receiveOffered: vifs.reader(...offeredBytes('rx')),
    receiveDelivered: vifs.reader(...deliveredBytes('rx')),
    received: vifs.reader('rxDeliveredBytes'),
    busyNs: nics.reader('busyNs'),
    receiveBusyNs: nics.reader('receiveBusyNs'),
    capacityBps: bonds.reader('capacityBps'),
    upNics: bonds.reader('upNics'),
    failovers: bonds.reader('failovers'),
    activeNic: bonds.reader('activeNic'),
  }
}
