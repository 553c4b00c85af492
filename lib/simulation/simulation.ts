import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

import { checkFunction, checkInteger, checkObject, checkSignal } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { native } from '../native.ts'
import { parseDuration } from '../units.ts'
import { captureFiles } from './capture-files.ts'
import { buildResults } from './results.ts'
import type { Results } from './results.ts'
import type { Scenario } from './scenario.ts'
import { Pace } from './pace.ts'
import { Sampler } from './series.ts'
import { SimulatedBond } from './simulated-bond.ts'
import { SimulatedNic } from './simulated-nic.ts'
import { SimulatedVif } from './simulated-vif.ts'
import { sliceMs, Slices } from './slices.ts'
import { Timeline } from './timeline.ts'
import { WorldControl } from './world-control.ts'
import { WorldHandle } from './world-handle.ts'
import { worldOptions } from './world-options.ts'

/** How far a run is. */
export interface Progress {
  simulatedNs: number
  durationNs: number
  wallSeconds: number
}

/** A piece of a file that `output.pcap` asks for. The pieces of a file, one after the other, are the file. */
export interface CaptureChunk {
  /** Its name, such as `nic-eth0.pcap`, `vif-web-in.pcap`. */
  file: string
  /** Whole records; the first piece begins with the file's header. */
  bytes: Uint8Array
}

export interface SimulationOptions {
  /**
   * Takes what `output.pcap` asks for; without it nothing is captured. Time stands still until it has returned, and the
   * promise that it may return is kept: what cannot be written away does not pile up. What it throws ends the run.
   */
  onCapture?: (chunk: CaptureChunk) => void | Promise<void>
}

export interface RunOptions {
  /** Stops the run between two slices. */
  signal?: AbortSignal
  /** Called after each slice, every few milliseconds, and at the end. */
  onProgress?: (progress: Progress) => void
  /**
   * Lets virtual time go as the clock does, never ahead of it; a number is the virtual seconds in one of the clock's. What it
   * is behind is made up for, a second at most; where it is behind by more, as after a pause of the machine, the rest is
   * left out. Default: as fast as it can.
   */
  realtime?: boolean | number
}

/**
 * A scenario that runs step by step, with a look at it or a hand in it between the steps. What is called while a step is
 * under way, from onProgress or from elsewhere, applies at the time that was reached.
 *
 * close() frees its memory; afterwards everything throws {@link RingbackError} ERR_CLOSED.
 *
 * @example
 * const simulation = await Simulation.create(parseScenario(text, { file: 'web.yaml' }))
 * try {
 *   await simulation.run('5s')
 *   if (simulation.vifs.web.fault !== null) simulation.vifs.web.reconnect()
 *   await simulation.run()
 *   console.log(simulation.results().vifs.web.throughputBps)
 * } finally {
 *   simulation.close()
 * }
 */
export class Simulation {
  readonly #scenario: Scenario
  readonly #handle: WorldHandle
  readonly #control: WorldControl
  readonly #vifs: Readonly<Record<string, SimulatedVif>>
  readonly #nics: Readonly<Record<string, SimulatedNic>>
  readonly #bonds: Readonly<Record<string, SimulatedBond>>
  readonly #sampler: Sampler
  readonly #timeline: Timeline
  readonly #slices = new Slices()
  readonly #files: readonly string[]
  readonly #onCapture: SimulationOptions['onCapture']
  /** Of the runs that are over. */
  #wallMs = 0
  /** When the present run began; undefined between runs. */
  #startedMs: number | undefined

  /** Use {@link Simulation.create}. */
  private constructor(scenario: Scenario, parts: Parts, files: string[], options: SimulationOptions) {
    if (!((parts as Partial<Parts> | undefined)?.handle instanceof WorldHandle))
      throw new RingbackError('ERR_INVALID_ARGUMENT', 'a Simulation is made by Simulation.create(scenario)')
    const { handle, control } = parts
    this.#scenario = scenario
    this.#handle = handle
    this.#control = control
    this.#files = files
    this.#onCapture = options.onCapture
    this.#sampler = new Sampler(scenario, handle.world, control)
    this.#timeline = new Timeline(scenario, {
      sample: (nowNs) => this.#sampler.sample(nowNs),
      happen: (event) => control.happen(event),
      tick: () => control.tick(),
    })
    this.#vifs = byName(scenario.vifs, ({ name }, row) => new SimulatedVif(handle, control, name, row))
    this.#nics = byName(scenario.nics, ({ name }, row) => new SimulatedNic(handle, control, name, row))
    this.#bonds = byName(scenario.bonds, (bond, row) => new SimulatedBond(handle, bond, row))
  }

  /**
   * Reads the scenario's captures and builds its world, at time 0.
   *
   * @param scenario - from parseScenario or checkScenario
   * @throws {@link RingbackError} ERR_PCAP where a capture cannot be replayed; ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
   * where `scenario` is not what those functions return; ERR_STATE where memory does not suffice
   */
  static async create(scenario: Scenario, options: SimulationOptions = {}): Promise<Simulation> {
    checkScenarioShape(scenario)
    checkObject(options, 'options')
    const { onCapture } = options
    if (onCapture !== undefined) checkFunction(onCapture, 'options.onCapture')
    const { pcap } = scenario.output
    const files = onCapture && pcap ? captureFiles(pcap) : []
    const control = new WorldControl(scenario)
    const handle = new WorldHandle(new native.World(await worldOptions(scenario, files, control)))
    control.attach(handle)
    return new Simulation(
      scenario,
      { handle, control },
      files.map(({ file }) => file),
      options,
    )
  }

  /** The virtual time that was reached. */
  get nowNs(): number {
    this.#handle.checkOpen()
    return this.#handle.nowNs
  }

  /** The vifs by name. */
  get vifs(): Readonly<Record<string, SimulatedVif>> {
    this.#handle.checkOpen()
    return this.#vifs
  }

  /** The NICs by name. */
  get nics(): Readonly<Record<string, SimulatedNic>> {
    this.#handle.checkOpen()
    return this.#nics
  }

  /** The bonds by name. */
  get bonds(): Readonly<Record<string, SimulatedBond>> {
    this.#handle.checkOpen()
    return this.#bonds
  }

  /**
   * Runs on. The event loop turns every few milliseconds meanwhile.
   *
   * @param until - a time of the run, nanoseconds or words like `5s`: from now to the scenario's duration, which is the
   * default. What happens at that very time waits for the next run.
   * @returns the time reached: less than `until` where the signal stopped it
   * @throws {@link RingbackError} ERR_OUT_OF_RANGE, ERR_UNIT, ERR_INVALID_ARGUMENT; ERR_STATE while another run is under
   * way; ERR_CLOSED, also when it is closed meanwhile; what onCapture and onProgress throw
   */
  async run(until: number | string = this.#scenario.durationNs, options: RunOptions = {}): Promise<number> {
    this.#handle.checkOpen()
    const untilNs = typeof until === 'string' ? parseDuration(until) : until
    checkInteger(untilNs, 'until', this.#handle.nowNs, this.#scenario.durationNs)
    checkObject(options, 'options')
    const { signal, onProgress, realtime } = options
    if (realtime !== undefined) checkSpeed(realtime)
    if (signal !== undefined) checkSignal(signal, 'options.signal')
    if (onProgress !== undefined) checkFunction(onProgress, 'options.onProgress')
    if (this.#startedMs !== undefined)
      throw new RingbackError('ERR_STATE', 'a run is under way already; wait for it first')
    this.#startedMs = performance.now()
    try {
      await this.#advance(untilNs, options)
    } finally {
      this.#wallMs += performance.now() - this.#startedMs
      this.#startedMs = undefined
    }
    return this.#handle.nowNs
  }

  /** What happened up to now; before the scenario's end with `aborted: true`. */
  results(): Results {
    const { world, nowNs } = this.#handle
    return buildResults({
      scenario: this.#scenario,
      world,
      simulatedNs: nowNs,
      wallSeconds: this.#wallSeconds(),
      aborted: nowNs < this.#scenario.durationNs,
      control: this.#control,
      recorded: this.#sampler.recordedAt(nowNs),
    })
  }

  /** Frees the world. More than once is fine; a run that is under way rejects with ERR_CLOSED. */
  close(): void {
    this.#handle.close()
  }

  async #advance(untilNs: number, { signal, onProgress, realtime = false }: RunOptions): Promise<void> {
    const handle = this.#handle
    const tell = (): void => {
      const { durationNs } = this.#scenario
      onProgress?.({ simulatedNs: handle.nowNs, durationNs, wallSeconds: this.#wallSeconds() })
    }
    const speed = Number(realtime)
    const pace = speed > 0 ? new Pace(speed, handle.nowNs, performance.now()) : undefined
    this.#slices.begin()
    while (handle.nowNs < untilNs && !signal?.aborted) {
      const allowedNs = pace?.limitNs(handle.nowNs, performance.now()) ?? untilNs
      if (allowedNs > handle.nowNs) this.#step(Math.min(untilNs, allowedNs))
      const isAtLimit = handle.nowNs >= allowedNs && handle.nowNs < untilNs
      if (!isAtLimit && !this.#slices.isTurnDue) continue
      await this.#drain()
      tell()
      await (isAtLimit ? sleep(sliceMs) : nextTurn())
      this.#slices.begin()
    }
    await this.#drain()
    tell()
  }

  /** Does what is due now, then runs for a slice at most, to `mostNs` or to the next time at which something is due. */
  #step(mostNs: number): void {
    const handle = this.#handle
    const stopNs = this.#timeline.leave(handle.nowNs)
    handle.nowNs = this.#slices.run(handle.world, Math.min(stopNs, mostNs))
    if (handle.world.hasNewCapacity) this.#control.follow()
    this.#timeline.reach(handle.nowNs)
  }

  /** Hands out what the captures hold. */
  async #drain(): Promise<void> {
    for (const [i, file] of this.#files.entries()) {
      const bytes = this.#handle.world.takeCapture(i)
      if (bytes.length > 0) await this.#onCapture?.({ file, bytes })
    }
  }

  #wallSeconds(): number {
    const present = this.#startedMs === undefined ? 0 : performance.now() - this.#startedMs
    return (this.#wallMs + present) / 1000
  }
}

const maxSpeed = 1e6

function checkSpeed(realtime: boolean | number): void {
  if (typeof realtime === 'boolean') return
  if (typeof realtime !== 'number')
    throw new RingbackError('ERR_INVALID_ARGUMENT', 'options.realtime must be a boolean or a number')
  if (!(realtime > 0 && realtime <= maxSpeed))
    throw new RingbackError('ERR_OUT_OF_RANGE', `options.realtime must be above 0 and at most ${maxSpeed}`)
}

/** What a simulation is made of. */
interface Parts {
  handle: WorldHandle
  control: WorldControl
}

/** Of named things one each, by name; no name of a scenario reaches a prototype. */
function byName<N extends { name: string }, T>(named: readonly N[], make: (one: N, row: number) => T) {
  const entries = named.map((one, row) => [one.name, make(one, row)] as const)
  return Object.freeze(Object.assign(Object.create(null) as object, Object.fromEntries(entries)))
}

/** What would make the loop run for ever; the addon checks the rest. */
function checkScenarioShape(scenario: Scenario): void {
  checkObject(scenario, 'scenario')
  const { durationNs, output, control, nics, bonds, bridges, vifs, traffic, events } = scenario
  checkInteger(durationNs, 'scenario.durationNs', 1, Number.MAX_SAFE_INTEGER)
  checkObject(output, 'scenario.output')
  checkInteger(output.intervalNs, 'scenario.output.intervalNs', 1, Number.MAX_SAFE_INTEGER)
  checkObject(control, 'scenario.control')
  checkInteger(control.intervalNs, 'scenario.control.intervalNs', 1, Number.MAX_SAFE_INTEGER)
  const lists: [name: string, value: unknown][] = Object.entries({ nics, bonds, bridges, vifs, traffic, events })
  if (output.pcap !== undefined) {
    checkObject(output.pcap, 'scenario.output.pcap')
    lists.push(['output.pcap.nics', output.pcap.nics], ['output.pcap.vifs', output.pcap.vifs])
  }
  for (const [name, list] of lists)
    if (!Array.isArray(list)) throw new RingbackError('ERR_INVALID_ARGUMENT', `scenario.${name} must be an array`)
}
