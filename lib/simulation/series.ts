import { Counters } from './counters.ts'
import type { NativeWorld } from './native-binding.ts'
import type { Scenario } from './scenario.ts'
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

/** What the counters of a vif had at the last sample, and what its min had come to. */
interface VifReading {
  offered: number
  delivered: number
  received: number
  /** Of what the guest sends. */
  sendOffered: number
  sendDelivered: number
  minBitNs: number
}

/** Columns, the last reading, and the sums of a vif or NIC: plain data, which can be copied. */
interface VifTrack {
  columns: VifSeries
  last: VifReading
  shortfall: ShortfallSums
}
interface NicTrack {
  columns: NicSeries
  last: { busyNs: number; receiveBusyNs: number }
}

/** A series and what goes with it. */
export interface Recorded {
  series: Series
  /** By row. */
  shortfalls: ShortfallSums[]
}

/** Turns cumulative counters into a series: one {@link sample} an interval. */
export class Sampler {
  readonly #scenario: Scenario
  readonly #control: WorldControl
  readonly #readers: ReturnType<typeof readersOf>
  readonly #t: number[] = []
  readonly #vifs: VifTrack[]
  readonly #nics: NicTrack[]
  #lastNs = 0

  constructor(scenario: Scenario, world: NativeWorld, control: WorldControl) {
    this.#scenario = scenario
    this.#control = control
    this.#readers = readersOf(world)
    this.#vifs = scenario.vifs.map(() => ({
      columns: {
        throughputBps: [],
        demandBps: [],
        receiveBps: [],
        allocationBps: [],
        busy: [],
        minBps: [],
        rateBps: [],
      },
      last: { offered: 0, delivered: 0, received: 0, sendOffered: 0, sendDelivered: 0, minBitNs: 0 },
      shortfall: noShortfall(),
    }))
    this.#nics = scenario.nics.map(() => ({
      columns: { utilisation: [], receiveUtilisation: [], rateBps: [] },
      last: { busyNs: 0, receiveBusyNs: 0 },
    }))
  }

  /** Ends an interval at `nowNs`; does nothing where no time has passed. */
  sample(nowNs: number): void {
    const elapsedNs = nowNs - this.#lastNs
    if (elapsedNs <= 0) return
    this.#t.push(nowNs / 1e9)
    this.#vifs.forEach((track, row) => this.#addToVif(track, row, nowNs, elapsedNs))
    this.#nics.forEach((track, row) => this.#addToNic(track, row, elapsedNs))
    this.#lastNs = nowNs
  }

  /** A copy of what was recorded up to `nowNs`, where an interval need not end. */
  recordedAt(nowNs: number): Recorded {
    const elapsedNs = nowNs - this.#lastNs
    const t = [...this.#t]
    const vifs = this.#vifs.map((track) => structuredClone(track))
    const nics = this.#nics.map((track) => structuredClone(track))
    if (elapsedNs > 0) {
      t.push(nowNs / 1e9)
      vifs.forEach((track, row) => this.#addToVif(track, row, nowNs, elapsedNs))
      nics.forEach((track, row) => this.#addToNic(track, row, elapsedNs))
    }
    const { output, vifs: names, nics: nicNames } = this.#scenario
    const series = {
      intervalSeconds: output.intervalNs / 1e9,
      t,
      vifs: Object.fromEntries(vifs.map(({ columns }, row) => [names[row]?.name ?? '', columns])),
      nics: Object.fromEntries(nics.map(({ columns }, row) => [nicNames[row]?.name ?? '', columns])),
    }
    return { series, shortfalls: vifs.map(({ shortfall }) => shortfall) }
  }

  #addToVif(track: VifTrack, row: number, nowNs: number, elapsedNs: number): void {
    const { columns, last, shortfall } = track
    const { cap, min } = this.#control.vif(row)
    const now = { ...this.#readers.vif(row), minBitNs: min.sum(nowNs) }
    const bps = (bytes: number): number => (bytes * 8e9) / elapsedNs
    columns.throughputBps.push(bps(now.delivered - last.delivered))
    columns.demandBps.push(bps(now.offered - last.offered))
    columns.receiveBps.push(bps(now.received - last.received))
    columns.allocationBps.push(this.#control.allocationBps(row))
    columns.busy.push(this.#control.isBusy(row))
    columns.minBps.push(min.value || null)
    columns.rateBps.push(capBps(cap))
    addInterval(shortfall, {
      elapsedNs,
      offeredBytes: now.sendOffered - last.sendOffered,
      deliveredBytes: now.sendDelivered - last.sendDelivered,
      minBytes: (now.minBitNs - last.minBitNs) / 8e9,
    })
    track.last = now
  }

  #addToNic(track: NicTrack, row: number, elapsedNs: number): void {
    const { columns, last } = track
    const now = { busyNs: this.#readers.busyNs(row), receiveBusyNs: this.#readers.receiveBusyNs(row) }
    columns.utilisation.push((now.busyNs - last.busyNs) / elapsedNs)
    columns.receiveUtilisation.push((now.receiveBusyNs - last.receiveBusyNs) / elapsedNs)
    columns.rateBps.push(liveBps(this.#control.nic(row)))
    track.last = now
  }
}

function readersOf(world: NativeWorld) {
  const vifs = new Counters(world.vifCounters, world.vifCounterNames)
  const nics = new Counters(world.nicCounters, world.nicCounterNames)
  const sendOffered = vifs.reader(...offeredBytes('tx'))
  const sendDelivered = vifs.reader(...deliveredBytes('tx'))
  const receiveOffered = vifs.reader(...offeredBytes('rx'))
  const receiveDelivered = vifs.reader(...deliveredBytes('rx'))
  const received = vifs.reader('rxDeliveredBytes')
  return {
    vif: (row: number) => {
      const [offered, delivered] = [sendOffered(row), sendDelivered(row)]
      return {
        offered: offered + receiveOffered(row),
        delivered: delivered + receiveDelivered(row),
        received: received(row),
        sendOffered: offered,
        sendDelivered: delivered,
      }
    },
    busyNs: nics.reader('busyNs'),
    receiveBusyNs: nics.reader('receiveBusyNs'),
  }
}
