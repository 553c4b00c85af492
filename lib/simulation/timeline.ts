import type { Scenario } from './scenario.ts'
import type { ScenarioEvent } from './scenario-control.ts'

/** What is done at the stops of a {@link Timeline}. */
export interface TimelineActions {
  /** Ends an interval of the series. */
  sample: (nowNs: number) => void
  happen: (event: ScenarioEvent) => void
  /** Lets the controller look and decide. */
  tick: () => void
}

/**
 * The times at which a run must stop because something is done from outside the world: samples of the series, the
 * scenario's events, ticks of the controller.
 *
 * At one time the sample comes first: it is about the time up to there. Then come events, those of one time in the order
 * of the file, then the tick, which so decides with the new settings. A run that ends at that very time leaves events and
 * tick to the next one: what is called between the two comes before them.
 */
export class Timeline {
  readonly #events: readonly ScenarioEvent[]
  readonly #sampleEveryNs: number
  readonly #tickEveryNs: number
  readonly #actions: TimelineActions
  #sampleNs: number
  #tickNs: number
  /** How many events have happened. */
  #happened = 0

  constructor({ events, control, output }: Scenario, actions: TimelineActions) {
    this.#events = events.toSorted((a, b) => a.atNs - b.atNs)
    this.#sampleEveryNs = output.intervalNs
    this.#tickEveryNs = control.intervalNs
    this.#actions = actions
    this.#sampleNs = output.intervalNs
    this.#tickNs = control.intervalNs
  }

  /** Does what is due at `nowNs` and returns when to stop next. Call it before time goes on. */
  leave(nowNs: number): number {
    let event = this.#events[this.#happened]
    for (; event && event.atNs <= nowNs; event = this.#events[this.#happened]) {
      this.#happened += 1
      this.#actions.happen(event)
    }
    if (this.#tickNs <= nowNs) {
      this.#tickNs += this.#tickEveryNs
      this.#actions.tick()
    }
    return Math.min(event?.atNs ?? Infinity, this.#tickNs, this.#sampleNs)
  }

  /** Takes the sample that ends at `nowNs`. Call it when that time was reached. */
  reach(nowNs: number): void {
    if (this.#sampleNs > nowNs) return
    this.#sampleNs += this.#sampleEveryNs
    this.#actions.sample(nowNs)
  }
}
