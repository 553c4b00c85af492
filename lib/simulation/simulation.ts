import { setImmediate as nextTurn } from 'node:timers/promises'

import { checkFunction, checkInteger, checkObject, checkSignal } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { native } from '../native.ts'
import { parseDuration } from '../units.ts'
import { captureFiles } from './capture-files.ts'
import { buildResults } from './results.ts'
import type { Results } from './results.ts'
import type { Scenario } from './scenario.ts'
import { Sampler } from './series.ts'
import { SimulatedVif } from './simulated-vif.ts'
import { Slices } from './slices.ts'
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
}

/**
 * A scenario that runs step by step, with a look at it or a hand in it between the steps.
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
  readonly #vifs: Readonly<Record<string, SimulatedVif>>
  readonly #sampler: Sampler
  readonly #slices = new Slices()
  readonly #files: readonly string[]
  readonly #onCapture: SimulationOptions['onCapture']
  #nowNs = 0
  /** Of the runs that are over. */
  #wallMs = 0
  /** When the present run began; undefined between runs. */
  #startedMs: number | undefined

  /** Use {@link Simulation.create}. */
  private constructor(scenario: Scenario, handle: WorldHandle, files: string[], options: SimulationOptions) {
    if (!(handle instanceof WorldHandle))
      throw new RingbackError('ERR_INVALID_ARGUMENT', 'a Simulation is made by Simulation.create(scenario)')
    this.#scenario = scenario
    this.#handle = handle
    this.#files = files
    this.#onCapture = options.onCapture
    this.#sampler = new Sampler(scenario, handle.world)
    const vifs = scenario.vifs.map(({ name }, row) => [name, new SimulatedVif(handle, name, row)] as const)
    this.#vifs = Object.freeze(Object.assign(Object.create(null) as object, Object.fromEntries(vifs)))
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
    const handle = new WorldHandle(new native.World(await worldOptions(scenario, files)))
    return new Simulation(
      scenario,
      handle,
      files.map(({ file }) => file),
      options,
    )
  }

  /** The virtual time that was reached. */
  get nowNs(): number {
    this.#checkOpen()
    return this.#nowNs
  }

  /** The vifs by name. */
  get vifs(): Readonly<Record<string, SimulatedVif>> {
    this.#checkOpen()
    return this.#vifs
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
    this.#checkOpen()
    const untilNs = typeof until === 'string' ? parseDuration(until) : until
    checkInteger(untilNs, 'until', this.#nowNs, this.#scenario.durationNs)
    checkObject(options, 'options')
    const { signal, onProgress } = options
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
    return this.#nowNs
  }

  /** What happened up to now; before the scenario's end with `aborted: true`. */
  results(): Results {
    const { world } = this.#handle
    return buildResults({
      scenario: this.#scenario,
      world,
      simulatedNs: this.#nowNs,
      wallSeconds: this.#wallSeconds(),
      aborted: this.#nowNs < this.#scenario.durationNs,
      series: this.#sampler.seriesAt(this.#nowNs),
    })
  }

  /** Frees the world. More than once is fine; a run that is under way rejects with ERR_CLOSED. */
  close(): void {
    this.#handle.close()
  }

  async #advance(untilNs: number, { signal, onProgress }: RunOptions): Promise<void> {
    const { intervalNs } = this.#scenario.output
    const tell = (): void => {
      const { durationNs } = this.#scenario
      onProgress?.({ simulatedNs: this.#nowNs, durationNs, wallSeconds: this.#wallSeconds() })
    }
    this.#slices.begin()
    while (this.#nowNs < untilNs && !signal?.aborted) {
      const boundaryNs = (Math.floor(this.#nowNs / intervalNs) + 1) * intervalNs
      this.#nowNs = this.#slices.run(this.#handle.world, Math.min(boundaryNs, untilNs))
      if (this.#nowNs === boundaryNs) this.#sampler.sample(boundaryNs)
      if (!this.#slices.isTurnDue) continue
      await this.#drain()
      tell()
      await nextTurn()
      this.#slices.begin()
    }
    await this.#drain()
    tell()
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

  #checkOpen(): void {
    void this.#handle.world
  }
}

/** What would make the loop run for ever; the addon checks the rest. */
function checkScenarioShape(scenario: Scenario): void {
  checkObject(scenario, 'scenario')
  const { durationNs, output, nics, bridges, vifs, traffic } = scenario
  checkInteger(durationNs, 'scenario.durationNs', 1, Number.MAX_SAFE_INTEGER)
  checkObject(output, 'scenario.output')
  checkInteger(output.intervalNs, 'scenario.output.intervalNs', 1, Number.MAX_SAFE_INTEGER)
  const lists: [name: string, value: unknown][] = Object.entries({ nics, bridges, vifs, traffic })
  if (output.pcap !== undefined) {
    checkObject(output.pcap, 'scenario.output.pcap')
    lists.push(['output.pcap.nics', output.pcap.nics], ['output.pcap.vifs', output.pcap.vifs])
  }
  for (const [name, list] of lists)
    if (!Array.isArray(list)) throw new RingbackError('ERR_INVALID_ARGUMENT', `scenario.${name} must be an array`)
}
