import { enforcedBps } from '../units.ts'
import { Counters } from './counters.ts'
import type { NativeWorld } from './native-binding.ts'
import type { Scenario } from './scenario.ts'
import { bytesOf } from './vif-counters.ts'

/** What happened over time. Each value is of the interval that ends at its `t`; the last one may be shorter. */
export interface Series {
  intervalSeconds: number
  /** Seconds from the start of the run. */
  t: number[]
  vifs: Record<
    string,
    {
      /** Delivered, in both directions. */
      throughputBps: number[]
      /** Offered, in both directions. */
      demandBps: number[]
      /** Delivered to the guest. */
      receiveBps: number[]
      /** The cap; null: none. */
      allocationBps: (number | null)[]
    }
  >
  nics: Record<string, { utilisation: number[]; receiveUtilisation: number[] }>
}

/** The columns of a vif or a NIC, and the counters as they were at the last sample. */
interface Track<Columns, Values> {
  name: string
  columns: Columns
  last: Values
}
type VifTrack = Track<Series['vifs'][string], ReturnType<typeof bytesOf>> & { allocationBps: number | null }
type NicTrack = Track<Series['nics'][string], { busyNs: number; receiveBusyNs: number }>

/** Turns cumulative counters into a series: one {@link sample} an interval. */
export class Sampler {
  readonly #intervalSeconds: number
  readonly #t: number[] = []
  readonly #vifs: VifTrack[]
  readonly #nics: NicTrack[]
  readonly #vifCounters: Counters
  readonly #nicCounters: Counters
  #lastNs = 0

  constructor(scenario: Scenario, world: NativeWorld) {
    this.#intervalSeconds = scenario.output.intervalNs / 1e9
    this.#vifCounters = new Counters(world.vifCounters, world.vifCounterNames)
    this.#nicCounters = new Counters(world.nicCounters, world.nicCounterNames)
    this.#vifs = scenario.vifs.map(({ name, rate }) => ({
      name,
      columns: { throughputBps: [], demandBps: [], receiveBps: [], allocationBps: [] },
      last: { offered: 0, delivered: 0, received: 0 },
      allocationBps: rate && enforcedBps(rate),
    }))
    this.#nics = scenario.nics.map(({ name }) => ({
      name,
      columns: { utilisation: [], receiveUtilisation: [] },
      last: { busyNs: 0, receiveBusyNs: 0 },
    }))
  }

  /** Ends an interval at `nowNs`; does nothing where no time has passed. */
  sample(nowNs: number): void {
    const elapsedNs = nowNs - this.#lastNs
    if (elapsedNs <= 0) return
    this.#t.push(nowNs / 1e9)
    this.#vifs.forEach((track, row) => this.#addToVif(track, row, elapsedNs))
    this.#nics.forEach((track, row) => this.#addToNic(track, row, elapsedNs))
    this.#lastNs = nowNs
  }

  /** A copy of the series up to `nowNs`, where an interval need not end. */
  seriesAt(nowNs: number): Series {
    const elapsedNs = nowNs - this.#lastNs
    const copies = {
      t: [...this.#t],
      vifs: this.#vifs.map((track) => structuredClone(track)),
      nics: this.#nics.map((track) => structuredClone(track)),
    }
    if (elapsedNs > 0) {
      copies.t.push(nowNs / 1e9)
      copies.vifs.forEach((track, row) => this.#addToVif(track, row, elapsedNs))
      copies.nics.forEach((track, row) => this.#addToNic(track, row, elapsedNs))
    }
    return {
      intervalSeconds: this.#intervalSeconds,
      t: copies.t,
      vifs: Object.fromEntries(copies.vifs.map(({ name, columns }) => [name, columns])),
      nics: Object.fromEntries(copies.nics.map(({ name, columns }) => [name, columns])),
    }
  }

  #addToVif(track: VifTrack, row: number, elapsedNs: number): void {
    const { columns, last, allocationBps } = track
    const now = bytesOf(this.#vifCounters, row)
    columns.throughputBps.push(((now.delivered - last.delivered) * 8e9) / elapsedNs)
    columns.demandBps.push(((now.offered - last.offered) * 8e9) / elapsedNs)
    columns.receiveBps.push(((now.received - last.received) * 8e9) / elapsedNs)
    columns.allocationBps.push(allocationBps)
    track.last = now
  }

  #addToNic(track: NicTrack, row: number, elapsedNs: number): void {
    const { columns, last } = track
    const now = {
      busyNs: this.#nicCounters.get(row, 'busyNs'),
      receiveBusyNs: this.#nicCounters.get(row, 'receiveBusyNs'),
    }
    columns.utilisation.push((now.busyNs - last.busyNs) / elapsedNs)
    columns.receiveUtilisation.push((now.receiveBusyNs - last.receiveBusyNs) / elapsedNs)
    track.last = now
  }
}
