import { dirname, resolve } from 'node:path'

import { checkObject, checkText } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { quote } from '../quote.ts'
import { list, pathName, problemsOf } from '../reading/problems.ts'
import type { Problem, Vocabulary } from '../reading/problems.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { parseYaml } from '../reading/yaml-source.ts'
import type { FileKind, Path } from '../reading/yaml-source.ts'
import { claimsOf } from './claims.ts'
import type { ExperimentClaim } from './claims.ts'
import { measurePlans, missingVif } from './own-measures.ts'
import type { MeasurePlan } from './own-measures.ts'
import { ownKeys, pointScenario, ProblemError } from './point.ts'
import type { PointSource } from './point.ts'
import { experimentKeysAt, experimentSchema } from './schema.ts'
import type { CheckedExperiment } from './schema.ts'
import { casesOf, tablesOf } from './tables.ts'
import type { ExperimentCase, ExperimentColumn, TablePlan } from './tables.ts'
import { parseVerdict } from './verdict.ts'
import type { VerdictPart } from './verdict.ts'

/** A value of a table's row, as a scenario for each case. */
export interface ExperimentPoint {
  /** The value of each of the table's factors, as people write it. */
  labels: string[]
  /** By case. Their seeds are of no meaning: each is run with all of the experiment's. */
  scenarios: Record<string, Scenario>
  /** By case, then by seed, where values are drawn at random. */
  drawn?: Record<string, ReadonlyMap<number, Scenario>>
}

/** A factor's values, or two factors' values together. */
export interface ExperimentTable {
  name: string
  title: string
  factors: { name: string; title: string }[]
  columns: ExperimentColumn[]
  points: ExperimentPoint[]
}

/** A checked experiment: every point of it is a scenario that can be run. */
export interface Experiment {
  name: string
  title: string
  asks: string
  seeds: number[]
  cases: ExperimentCase[]
  /** What the cases are without any factor, by case. */
  base: Record<string, Scenario>
  /** What the tables show. */
  measures: MeasurePlan[]
  tables: ExperimentTable[]
  /** What it is to show. */
  claims: ExperimentClaim[]
  /** What it shows, with figures. */
  verdict: VerdictPart[]
}

const experimentFile: FileKind = { code: 'ERR_EXPERIMENT', noun: 'an experiment', examples: 'experiments/' }
const vocabulary: Vocabulary = { keysAt: experimentKeysAt }
/** Simulations that one experiment may be. */
const maxRuns = 100_000

/**
 * Reads an experiment written in YAML.
 *
 * @param text - the YAML
 * @param options.file - the file's path: its name in messages, and captures are relative to its folder
 * @throws {@link RingbackError} ERR_EXPERIMENT, or ERR_SCENARIO for the scenario in it, with one line, `file:line: what; how to fix`
 * @example parseExperiment(await readFile('io-factors.yaml', 'utf8'), { file: 'io-factors.yaml' })
 */
export function parseExperiment(text: string, options: { file: string }): Experiment {
  checkText(text, 'text')
  checkObject(options, 'options')
  const { file } = options
  checkText(file, 'options.file')
  const source = parseYaml(text, file, experimentFile)
  const locate = (path: Path): string => `${file}:${source.lineOf(path)}${path.length > 0 ? `: ${pathName(path)}` : ''}`
  const fail = (problems: readonly Problem[]): never => {
    const [first] = problems.toSorted((a, b) => source.lineOf(a.path) - source.lineOf(b.path))
    throw new RingbackError('ERR_EXPERIMENT', `${locate(first?.path ?? [])}: ${first?.message ?? 'no experiment'}`)
  }
  const result = experimentSchema.safeParse(source.value)
  if (!result.success) return fail(problemsOf(result.error.issues, source.value, vocabulary).slice(0, 100))
  try {
    return toExperiment(result.data, dirname(resolve(file)), locate)
  } catch (error) {
    if (error instanceof ProblemError) return fail([error.problem])
    throw error
  }
}

function toExperiment(input: CheckedExperiment, directory: string, locate: (path: Path) => string): Experiment {
  const { name, title, asks, seeds, base, copies, verdict } = input
  for (const key of ownKeys)
    if (Object.hasOwn(base, key))
      throw new ProblemError({ path: ['base', key], message: `the ${key} is the experiment's; remove it here` })
  const source: PointSource = { name, base, copies, directory, locate }
  const cases = casesOf(input)
  const seedList = typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => i + 1) : seeds
  const pointOf = (settings: TablePlan['points'][number]['settings']): Omit<ExperimentPoint, 'labels'> => {
    const made = cases.map(
      (one) => [one.name, pointScenario(source, [...one.settings, ...settings], seedList)] as const,
    )
    const drawn = made.flatMap(([inCase, { drawn: bySeed }]) => (bySeed ? [[inCase, bySeed] as const] : []))
    return {
      scenarios: Object.fromEntries(made.map(([inCase, { scenario }]) => [inCase, scenario])),
      ...(drawn.length > 0 && { drawn: Object.fromEntries(drawn) }),
    }
  }
  const { scenarios: baseScenarios } = pointOf([])
  const measures = measurePlans(input)
  const plans = tablesOf(input, measures)
  const points = plans.reduce((sum, plan) => sum + plan.points.length, 0)
  if (points * cases.length * seedList.length > maxRuns)
    throw new ProblemError({ path: ['factors'], message: `more than ${maxRuns} runs; use fewer values or seeds` })
  const tables = plans.map(({ points: planned, ...table }) => ({
    ...table,
    points: planned.map(({ labels, settings }) => ({ labels, ...pointOf(settings) })),
  }))
  checkVifs(tables, measures)
  const shown = new Set(tables.flatMap(({ columns }) => columns.map(({ measure }) => measure)))
  return {
    name,
    title,
    asks: asks.trim(),
    seeds: seedList,
    cases: cases.map(({ name: caseName, title: caseTitle }) => ({ name: caseName, title: caseTitle })),
    base: baseScenarios,
    measures: [...measures.values()].filter((plan) => shown.has(plan.name)),
    tables,
    claims: claimsOf(input, plans),
    verdict: parseVerdict(verdict ?? '', plans),
  }
}

/** @throws ProblemError where a measure is of a vif that a scenario in which it is shown does not have */
function checkVifs(tables: readonly ExperimentTable[], measures: ReadonlyMap<string, MeasurePlan>): void {
  for (const { columns, points } of tables)
    for (const { case: inCase, measure } of columns)
      for (const { scenarios } of points) {
        const names = scenarios[inCase]!.vifs.map(({ name }) => name)
        const missing = missingVif(measures.get(measure)!, names)
        if (missing === undefined) continue
        const message = `there is no vif ${quote(missing)} in ${inCase}; the vifs are ${list(names)}`
        throw new ProblemError({ path: ['measures', measure, 'vif'], message })
      }
}
