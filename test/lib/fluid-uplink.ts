import { Controller, type ControllerOptions, type Decision } from 'ringback/policy'

// A NIC and vifs as fluids: limits hold exactly, what exceeds the NIC is lost in proportion, guests keep a bounded backlog.

const stepsAnInterval = 20

export interface FluidVif {
  minBps?: number
  capBps?: number | null
  weight?: number
  /** What the guest sends at this moment, in seconds; Infinity: as much as it may. */
  demand: (seconds: number) => number
}

export interface Interval {
  seconds: number
  rates: number[]
  /** What left the NIC for each vif, bits a second. */
  delivered: number[]
  /** What each would have had to get at least: the lesser of demand and min at every moment. */
  guaranteed: number[]
  utilisation: number
  isBusy: boolean[]
}

export interface FluidOptions {
  policy?: ControllerOptions['policy']
  capacityBps: number
  intervalNs?: number
  /** Whether held-back time is counted; on a host nobody may do it. */
  hasHeldBack?: boolean
}

/** A closed loop: counters to the controller, its rates to the vifs. */
export class FluidUplink {
  readonly controller: Controller
  capacityBps: number
  readonly #vifs: readonly FluidVif[]
  readonly #intervalNs: number
  readonly #hasHeldBack: boolean
  readonly #counters: { bytes: number; heldBackNs: number; backlogBits: number; passedBits: number }[]
  #sentBits = 0
  #timeNs = 0
  decision: Decision

  constructor(vifs: readonly FluidVif[], { policy = 'adaptive', capacityBps, ...options }: FluidOptions) {
    this.#vifs = vifs
    this.capacityBps = capacityBps
    this.#intervalNs = options.intervalNs ?? 1e8
    this.#hasHeldBack = options.hasHeldBack ?? true
    this.#counters = vifs.map(() => ({ bytes: 0, heldBackNs: 0, backlogBits: 0, passedBits: 0 }))
    this.controller = new Controller({
      policy,
      uplinks: [{ name: 'nic', capacityBps }],
      vifs: vifs.map(({ minBps = 0, capBps = null, weight = 1 }, i) => ({
        name: `vif${i}`,
        uplink: 'nic',
        capBps,
        minBps,
        weight,
      })),
    })
    this.decision = this.#tick()
  }

  #tick(): Decision {
    const { capacityBps } = this
    return this.controller.tick({
      timeNs: this.#timeNs,
      vifs: this.#counters.map(({ bytes, heldBackNs }) => (this.#hasHeldBack ? { bytes, heldBackNs } : { bytes })),
      uplinks: [{ bytes: Math.floor(this.#sentBits / 8), capacityBps }],
    })
  }

  /** The link's new speed, which the controller is told at once; 0: down. */
  setCapacity(bps: number): void {
    this.capacityBps = bps
    this.controller.setCapacity('nic', bps)
    this.decision = this.controller.decide()
  }

  /** A tick after an interval in which nobody could send. */
  look(): void {
    this.#timeNs += this.#intervalNs
    this.decision = this.#tick()
  }

  /** One interval and the tick at its end. */
  interval(): Interval {
    const rates = this.decision.vifs.map(({ rateBps }) => rateBps ?? Infinity)
    const [delivered, guaranteed] = [rates.map(() => 0), rates.map(() => 0)]
    const stepNs = this.#intervalNs / stepsAnInterval
    let sentBits = 0
    for (let step = 0; step < stepsAnInterval; step++) {
      const passed = this.#vifs.map((vif, i) => {
        const demandBps = vif.demand(this.#timeNs / 1e9)
        guaranteed[i]! += (Math.min(demandBps, vif.minBps ?? 0) * stepNs) / 1e9
        return this.#pass(i, demandBps, rates[i]!, stepNs)
      })
      const all = passed.reduce((sum, bits) => sum + bits, 0)
      const part = Math.min(1, (this.capacityBps * stepNs) / 1e9 / Math.max(1, all))
      for (const [i, bits] of passed.entries()) delivered[i]! += bits * part
      sentBits += all * part
      this.#timeNs += stepNs
    }
    this.#sentBits += sentBits
    this.decision = this.#tick()
    const perSecond = 1e9 / this.#intervalNs
    return {
      seconds: this.#timeNs / 1e9,
      rates,
      delivered: delivered.map((bits) => bits * perSecond),
      guaranteed: guaranteed.map((bits) => bits * perSecond),
      utilisation: (sentBits * perSecond) / Math.max(1, this.capacityBps),
      isBusy: this.decision.vifs.map(({ isBusy }) => isBusy),
    }
  }

  intervals(count: number): Interval[] {
    return Array.from({ length: count }, () => this.interval())
  }

  /** What passes a vif's limit in a step; the rest waits, up to 20 ms of the rate or a megabit, or is lost. */
  #pass(i: number, demandBps: number, rateBps: number, stepNs: number): number {
    const counters = this.#counters[i]!
    const wanted = counters.backlogBits + (Math.min(demandBps, 1e12) * stepNs) / 1e9
    const bits = Math.min(wanted, (rateBps * stepNs) / 1e9)
    const isHeldBack = wanted - bits > 1
    counters.backlogBits = demandBps === Infinity ? 1e9 : Math.min(wanted - bits, Math.max(1e6, rateBps / 50))
    if (isHeldBack) counters.heldBackNs += stepNs
    counters.passedBits += bits
    counters.bytes = Math.floor(counters.passedBits / 8)
    return bits
  }
}
