import type { Path } from '../reading/yaml-source.ts'
import type { MeasureUnit } from './measure.ts'
import { unknown } from './own-measures.ts'
import type { MeasurePlan } from './own-measures.ts'
import { ProblemError } from './point.ts'
import type { Setting } from './point.ts'
import type { CheckedExperiment, CheckedFactor, Show } from './schema.ts'

/** A state in which every point is looked at. */
export interface ExperimentCase {
  name: string
  title: string
}

/** A value of a factor: its name, and what it sets. */
interface Level {
  label: string
  settings: Setting[]
}

/** What a table shows: a measure in a case. */
export interface ExperimentColumn {
  case: string
  measure: string
  title: string
  unit: MeasureUnit
}

/** A table whose scenarios are still to be made. */
export interface TablePlan {
  name: string
  title: string
  factors: { name: string; title: string }[]
  columns: ExperimentColumn[]
  points: { labels: string[]; settings: Setting[] }[]
}

/** The only case of an experiment that names none. */
const theOnlyCase = 'base'

/** The experiment's cases, in the order in which they are written. */
export function casesOf({ cases }: CheckedExperiment): (ExperimentCase & { settings: Setting[] })[] {
  if (!cases) return [{ name: theOnlyCase, title: 'as in the base', settings: [] }]
  return Object.entries(cases).map(([name, { title, set }]) => ({
    name,
    title,
    settings: settingsOf(set, ['cases', name, 'set']),
  }))
}

/** A table for each factor and each pair of them. */
export function tablesOf(input: CheckedExperiment, measures: ReadonlyMap<string, MeasurePlan>): TablePlan[] {
  const caseNames = casesOf(input).map(({ name }) => name)
  const levels = new Map(Object.entries(input.factors).map(([name, factor]) => [name, levelsOf(name, factor)]))
  const headOf = (name: string): { name: string; title: string } => ({ name, title: input.factors[name]?.title ?? '' })
  const columns = (own: Show | undefined, at: Path): TablePlan['columns'] => {
    const [show, where]: [Show | undefined, Path] = own ? [own, [...at, 'show']] : [input.show, ['show']]
    if (!show) throw new ProblemError({ path: at, message: 'nothing is shown; write show, as in [throughput, p99]' })
    return columnsOf(show, { caseNames, measures, at: where })
  }
  const alone = Object.entries(input.factors).map(([name, { title, show }]) => ({
    name,
    title,
    factors: [headOf(name)],
    columns: columns(show, ['factors', name]),
    points: levels.get(name)!.map(({ label, settings }) => ({ labels: [label], settings })),
  }))
  const pairs = input.cross.map(({ title, factors: names, show }, i) => {
    const [first, second] = names.map((name, j) => {
      const found = levels.get(name)
      if (!found)
        throw new ProblemError({ path: ['cross', i, 'factors', j], message: unknown('factor', name, levels.keys()) })
      return found
    }) as [Level[], Level[]]
    return {
      name: names.join(' x '),
      title,
      factors: names.map(headOf),
      columns: columns(show, ['cross', i]),
      points: first.flatMap((one) =>
        second.map((other) => ({ labels: [one.label, other.label], settings: [...one.settings, ...other.settings] })),
      ),
    }
  })
  return [...alone, ...pairs]
}

function columnsOf(
  show: Show,
  { caseNames, measures, at }: { caseNames: readonly string[]; measures: ReadonlyMap<string, MeasurePlan>; at: Path },
): ExperimentColumn[] {
  const lists = Array.isArray(show) ? caseNames.map((name) => [name, show] as const) : Object.entries(show)
  return lists.flatMap(([name, names]) => {
    const here = Array.isArray(show) ? at : [...at, name]
    if (!caseNames.includes(name)) throw new ProblemError({ path: here, message: unknown('case', name, caseNames) })
    return names.map((measure, i) => {
      const plan = measures.get(measure)
      if (!plan) throw new ProblemError({ path: [...here, i], message: unknown('measure', measure, measures.keys()) })
      return { case: name, measure, title: plan.title, unit: plan.unit }
    })
  })
}

function settingsOf(set: Readonly<Record<string, unknown>>, at: Path): Setting[] {
  return Object.entries(set).map(([place, value]) => {
    const here = [...at, place]
    return { place, value, placeAt: here, valueAt: here }
  })
}

function levelsOf(name: string, { path, values, variants }: CheckedFactor): Level[] {
  const at: Path = ['factors', name]
  if (variants) {
    if (path !== undefined || values)
      throw new ProblemError({ path: at, message: 'has variants and a path or values; write one of the two' })
    return Object.entries(variants).map(([label, set]) => ({
      label,
      settings: settingsOf(set, [...at, 'variants', label]),
    }))
  }
  if (path === undefined || !values)
    throw new ProblemError({ path: at, message: 'has nothing to vary; write a path and values, or variants' })
  const places = typeof path === 'string' ? [path] : path
  return values.map((value, i) => ({
    label: String(value),
    settings: places.map((place, j) => ({
      place,
      value,
      placeAt: typeof path === 'string' ? [...at, 'path'] : [...at, 'path', j],
      valueAt: [...at, 'values', i],
    })),
  }))
}
