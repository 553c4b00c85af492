import { checkFunction, checkObject, checkSignal } from '../arguments.ts'
import type { Results } from '../simulation/results.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { simulate } from '../simulation/simulate.ts'
import { RingbackError } from '../errors.ts'
import { judge } from './claims.ts'
import { estimate } from './estimate.ts'
import type { Experiment, ExperimentPoint, ExperimentTable } from './experiment.ts'
import { takeMeasures } from './own-measures.ts'
import type { Figures } from './own-measures.ts'
import type { ExperimentResults, ExperimentRow } from './results.ts'
import { describeVerdict } from './verdict.ts'

/** How far an experiment is. */
export interface ExperimentProgress {
  /** Simulations that are over, and a part for the one that runs. */
  done: number
  total: number
}

/** A simulation of an experiment that is over. */
export interface FinishedRun {
  /** The table for which it was made; others may have the same point. */
  table: string
  /** The value of each of its factors. */
  labels: readonly string[]
  case: string
  seed: number
  results: Results
}

export interface RunExperimentOptions {
  /** Stops it: the rows that are done are returned, with `aborted: true`. */
  signal?: AbortSignal
  /** Called every few milliseconds. */
  onProgress?: (progress: ExperimentProgress) => void
  /** Called with each run that is over, in order. Nothing keeps its results. */
  onRun?: (run: FinishedRun) => void
}

/**
 * Runs an experiment in virtual time: each point of each table in each case with each seed. The event loop turns every
 * few milliseconds meanwhile.
 *
 * @param experiment - from parseExperiment
 * @throws {@link RingbackError} as simulate() does; what onProgress and onRun throw
 * @example
 * const results = await runExperiment(parseExperiment(text, { file: 'io-factors.yaml' }))
 * console.log(results.tables[0].rows[0].figures.base.throughput.mean)
 */
export async function runExperiment(
  experiment: Experiment,
  options: RunExperimentOptions = {},
): Promise<ExperimentResults> {
  checkObject(experiment, 'experiment')
  checkObject(options, 'options')
  const { signal, onProgress, onRun } = options
  if (signal !== undefined) checkSignal(signal, 'options.signal')
  if (onProgress !== undefined) checkFunction(onProgress, 'options.onProgress')
  if (onRun !== undefined) checkFunction(onRun, 'options.onRun')
  const runner = new Runner(experiment, options)
  const tables: ExperimentResults['tables'] = []
  for (const table of experiment.tables) tables.push(await runner.fill(table))
  const { name, title, asks, seeds, cases } = experiment
  const claims = judge(experiment.claims, tables)
  return {
    schema: 'ringback.experiment/1',
    experiment: name,
    title,
    asks,
    seeds: [...seeds],
    cases: cases.map((one) => ({ ...one })),
    ...runner.totals(),
    tables,
    claims,
    verdict: describeVerdict(experiment.verdict, claims, tables),
  }
}

/** The scenario of a point in a case with a seed. */
function scenarioOf({ scenarios, drawn }: ExperimentPoint, inCase: string, seed: number): Scenario {
  const bySeed = drawn?.[inCase]
  if (!bySeed) return scenarios[inCase]!
  const scenario = bySeed.get(seed)
  if (!scenario) throw new RingbackError('ERR_OUT_OF_RANGE', `nothing was drawn with seed ${seed}; name it in seeds`)
  return scenario
}

/** What makes a run what it is. */
const keyOf = (scenario: Scenario, seed: number): string => JSON.stringify({ ...scenario, seed })

/** The cases of which a table has a column. */
function shownCases({ cases }: Experiment, { columns }: Pick<ExperimentTable, 'columns'>): string[] {
  return cases.map(({ name }) => name).filter((name) => columns.some((column) => column.case === name))
}

/** Makes runs, none of them twice. */
class Runner {
  readonly #experiment: Experiment
  readonly #options: RunExperimentOptions
  /** Of the runs that are over, by what they are. */
  readonly #figures = new Map<string, Figures>()
  readonly #total: number
  readonly #startedMs = performance.now()
  #simulatedSeconds = 0
  #isAborted = false

  constructor(experiment: Experiment, options: RunExperimentOptions) {
    this.#experiment = experiment
    this.#options = options
    const keys = experiment.tables.flatMap((table) =>
      shownCases(experiment, table).flatMap((name) =>
        table.points.flatMap((point) => experiment.seeds.map((seed) => keyOf(scenarioOf(point, name, seed), seed))),
      ),
    )
    this.#total = new Set(keys).size
  }

  /** Runs the points of a table; after an abort those that are there already. */
  async fill({ points, ...table }: ExperimentTable): Promise<ExperimentResults['tables'][number]> {
    const rows: ExperimentRow[] = []
    for (const point of points) {
      const row = await this.#row(table, point)
      if (row) rows.push(row)
    }
    return { ...table, rows }
  }

  totals(): Pick<ExperimentResults, 'aborted' | 'runs' | 'simulatedSeconds' | 'wallSeconds'> {
    return {
      aborted: this.#isAborted,
      runs: this.#figures.size,
      simulatedSeconds: this.#simulatedSeconds,
      wallSeconds: (performance.now() - this.#startedMs) / 1000,
    }
  }

  async #row(
    { name: table, columns }: Omit<ExperimentTable, 'points'>,
    point: ExperimentPoint,
  ): Promise<ExperimentRow | undefined> {
    const { base, cases, seeds } = this.#experiment
    const figures: ExperimentRow['figures'] = {}
    for (const name of shownCases(this.#experiment, { columns })) {
      const shown = columns.filter((column) => column.case === name)
      const samples = await this.#samples(table, point, name)
      if (!samples) return undefined
      figures[name] = Object.fromEntries(
        shown.map(({ measure: key }) => {
          const values = samples.flatMap((sample) => sample[key] ?? [])
          return [key, values.length === seeds.length ? estimate(values) : null]
        }),
      )
    }
    const isBase = cases.every(({ name }) => keyOf(point.scenarios[name]!, 0) === keyOf(base[name]!, 0))
    return { labels: [...point.labels], isBase, figures }
  }

  async #samples(table: string, point: ExperimentPoint, inCase: string): Promise<Figures[] | undefined> {
    const samples: Figures[] = []
    for (const seed of this.#experiment.seeds) {
      const run = { table, labels: point.labels, case: inCase, seed }
      const figures = await this.#run(scenarioOf(point, inCase, seed), run)
      if (!figures) return undefined
      samples.push(figures)
    }
    return samples
  }

  /** Undefined where it was aborted. */
  async #run(scenario: Scenario, run: Omit<FinishedRun, 'results'>): Promise<Figures | undefined> {
    const { seed } = run
    const key = keyOf(scenario, seed)
    const known = this.#figures.get(key)
    if (known || this.#isAborted) return known
    const { signal, onProgress, onRun } = this.#options
    const tell = (part: number): void => onProgress?.({ done: this.#figures.size + part, total: this.#total })
    if (signal?.aborted) return this.#abort()
    const results = await simulate(
      { ...scenario, seed },
      {
        ...(signal && { signal }),
        onProgress: ({ simulatedNs, durationNs }) => tell(simulatedNs / durationNs),
      },
    )
    if (results.aborted) return this.#abort()
    this.#simulatedSeconds += results.simulatedSeconds
    const figures = takeMeasures(results, this.#experiment.measures)
    this.#figures.set(key, figures)
    onRun?.({ ...run, results })
    return figures
  }

  #abort(): undefined {
    this.#isAborted = true
  }
}
