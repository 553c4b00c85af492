import { dirname, resolve } from 'node:path'

import { checkObject, checkText } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { pathName, problemsOf } from '../simulation/scenario-problems.ts'
import type { Problem, Vocabulary } from '../simulation/scenario-problems.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { parseYaml } from '../simulation/yaml-source.ts'
import type { FileKind, Path } from '../simulation/yaml-source.ts'
import type { MeasureName } from './measures.ts'
import { ownKeys, pointScenario, ProblemError } from './point.ts'
import type { PointSource } from './point.ts'
import { experimentKeysAt, experimentSchema } from './schema.ts'
import type { CheckedExperiment } from './schema.ts'
import { casesOf, tablesOf } from './tables.ts'
import type { ExperimentCase, TablePlan } from './tables.ts'

/** A value of a table's row, as a scenario for each case. */
export interface ExperimentPoint {
  /** The value of each of the table's factors, as people write it. */
  labels: string[]
  /** By case. Their seeds are of no meaning: each is run with all of the experiment's. */
  scenarios: Record<string, Scenario>
}

/** A factor's values, or two factors' values together. */
export interface ExperimentTable {
  name: string
  title: string
  factors: { name: string; title: string }[]
  columns: { case: string; measure: MeasureName }[]
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
  tables: ExperimentTable[]
}

const experimentFile: FileKind = { code: 'ERR_EXPERIMENT', noun: 'an experiment', examples: 'experiments/' }
const vocabulary: Vocabulary = { keysAt: experimentKeysAt, laterKeys: new Set() }
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
  const { name, title, asks, seeds, base, copies } = input
  for (const key of ownKeys)
    if (Object.hasOwn(base, key))
      throw new ProblemError({ path: ['base', key], message: `the ${key} is the experiment's; remove it here` })
  const source: PointSource = { name, base, copies, directory, locate }
  const cases = casesOf(input)
  const scenariosOf = (settings: TablePlan['points'][number]['settings']): Record<string, Scenario> =>
    Object.fromEntries(cases.map((one) => [one.name, pointScenario(source, [...one.settings, ...settings])]))
  const baseScenarios = scenariosOf([])
  const plans = tablesOf(input)
  const seedList = typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => i + 1) : seeds
  const points = plans.reduce((sum, plan) => sum + plan.points.length, 0)
  if (points * cases.length * seedList.length > maxRuns)
    throw new ProblemError({ path: ['factors'], message: `more than ${maxRuns} runs; use fewer values or seeds` })
  return {
    name,
    title,
    asks: asks.trim(),
    seeds: seedList,
    cases: cases.map(({ name: caseName, title: caseTitle }) => ({ name: caseName, title: caseTitle })),
    base: baseScenarios,
    tables: plans.map(({ points, ...table }) => ({
      ...table,
      points: points.map(({ labels, settings }) => ({ labels, scenarios: scenariosOf(settings) })),
    })),
  }
}
