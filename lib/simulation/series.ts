import type { NativeWorld } from './native-binding.ts'
import { enforcedBps } from '../units.ts'
import { Counters } from './counters.ts'
import type { Scenario } from './scenario.ts'

/** What happened over time. Each value is of the interval that ends at its `t`; the last one may be shorter. */
export interface Series {
  intervalSeconds: number
  /** Seconds from the start of the run. */
  t: number[]
  vifs: Record<
    string,
    {
      throughputBps: number[]
      /** What the guest offered. */
      demandBps: number[]
      /** The cap; null: none. */
      allocationBps: (number | null)[]
    }
  >
  nics: Record<string, { utilisation: number[] }>
}

/** Turns cumulative counters into a series: one {@link sample} an interval. */
export class Sampler {
  readonly series: Series
  readonly #vifs: {
    name: string
    column: Series['vifs'][string]
    allocationBps: number | null
    delivered: number
    offered: number
  }[]
  readonly #nics: { name: string; column: Series['nics'][string]; busyNs: number }[]
  readonly #vifCounters: Counters
  readonly #nicCounters: Counters
  #lastNs = 0

  constructor(scenario: Scenario, world: NativeWorld) {
    this.#vifCounters = new Counters(world.vifCounters, world.vifCounterNames)
    this.#nicCounters = new Counters(world.nicCounters, world.nicCounterNames)
    this.#vifs = scenario.vifs.map(({ name, rate }) => ({
      name,
      column: { throughputBps: [], demandBps: [], allocationBps: [] },
      allocationBps: rate && enforcedBps(rate),
      delivered: 0,
      offered: 0,
    }))
    this.#nics = scenario.nics.map(({ name }) => ({ name, column: { utilisation: [] }, busyNs: 0 }))
    this.series = {
      intervalSeconds: scenario.output.intervalNs / 1e9,
      t: [],
      vifs: Object.fromEntries(this.#vifs.map(({ name, column }) => [name, column])),
      nics: Object.fromEntries(this.#nics.map(({ name, column }) => [name, column])),
    }
  }

  /** Ends an interval at `nowNs`; does nothing where no time has passed. */
  sample(nowNs: number): void {
    const elapsedNs = nowNs - this.#lastNs
    if (elapsedNs <= 0) return
    this.#lastNs = nowNs
    this.series.t.push(nowNs / 1e9)
    this.#vifs.forEach((vif, row) => {
      const delivered = this.#vifCounters.get(row, 'deliveredBytes')
      const offered = this.#vifCounters.get(row, 'offeredBytes')
      vif.column.throughputBps.push(((delivered - vif.delivered) * 8e9) / elapsedNs)
      vif.column.demandBps.push(((offered - vif.offered) * 8e9) / elapsedNs)
      vif.column.allocationBps.push(vif.allocationBps)
      vif.delivered = delivered
      vif.offered = offered
    })
    this.#nics.forEach((nic, row) => {
      const busyNs = this.#nicCounters.get(row, 'busyNs')
      nic.column.utilisation.push((busyNs - nic.busyNs) / elapsedNs)
      nic.busyNs = busyNs
    })
  }
}
