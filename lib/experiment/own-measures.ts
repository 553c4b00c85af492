import type { Results } from '../simulation/results.ts'
import { list, nearest } from '../reading/problems.ts'
import type { Path } from '../reading/yaml-source.ts'
import { quote } from '../quote.ts'
import { isMeasure, measureNames, measures } from './measures.ts'
import type { MeasureUnit, Scope } from './measure.ts'
import type { MeasureName } from './measures.ts'
import { ProblemError } from './point.ts'
import type { CheckedExperiment, CheckedMeasure } from './schema.ts'

/** A measure of an experiment: one of the package's, perhaps of a part of the run. */
export interface MeasurePlan {
  name: string
  title: string
  unit: MeasureUnit
  of: MeasureName
  /** Its vifs are names, or beginnings of names with a * behind. */
  scope: Scope
}

/** What was measured of a run, by the name of the measure; null where it has none. */
export type Figures = Record<string, number | null>

/** The experiment's own measures, and the package's. */
export function measurePlans({ measures: own }: CheckedExperiment): Map<string, MeasurePlan> {
  const plans = new Map<string, MeasurePlan>(
    measureNames.map((name) => {
      const { title, unit } = measures[name]
      return [name, { name, title, unit, of: name, scope: {} }]
    }),
  )
  for (const [name, measure] of Object.entries(own)) {
    const at: Path = ['measures', name]
    if (plans.has(name))
      throw new ProblemError({ path: at, message: 'there is a measure of that name; use another one' })
    plans.set(name, planOf(name, measure, at))
  }
  return plans
}

/** The keys as they are written, of what a scope holds. */
const keyOfScope: Record<keyof Scope, keyof CheckedMeasure> = {
  vifs: 'vif',
  fromSeconds: 'from',
  toSeconds: 'to',
  afterSeconds: 'after',
  skipSeconds: 'skip',
  within: 'within',
  cause: 'cause',
}

function planOf(name: string, measure: CheckedMeasure, at: Path): MeasurePlan {
  const { of, title, vif, from, to, after, skip, within, cause } = measure
  if (!isMeasure(of)) throw new ProblemError({ path: [...at, 'of'], message: unknown('measure', of, measureNames) })
  const { heeds, title: usual, unit } = measures[of]
  const heeded = heeds.map((key) => keyOfScope[key])
  for (const key of Object.values(keyOfScope))
    if (measure[key] !== undefined && !heeded.includes(key)) {
      const help = heeded.length > 0 ? `it heeds ${list(heeded)}` : 'it is of whole runs'
      throw new ProblemError({ path: [...at, key], message: `makes no difference to ${of}; ${help}` })
    }
  const scope: Scope = {
    ...(vif !== undefined && { vifs: typeof vif === 'string' ? [vif] : vif }),
    ...(from !== undefined && { fromSeconds: from / 1e9 }),
    ...(to !== undefined && { toSeconds: to / 1e9 }),
    ...(after && { afterSeconds: after === 'wakes' ? after : after.map((ns) => ns / 1e9) }),
    ...(skip !== undefined && { skipSeconds: skip / 1e9 }),
    ...(within !== undefined && { within }),
    ...(cause !== undefined && { cause }),
  }
  return { name, title: title ?? usual, unit, of, scope }
}

/** The vifs that a name, perhaps with a * behind, stands for. */
const matching = (written: string, names: readonly string[]): string[] =>
  written.endsWith('*')
    ? names.filter((name) => name.startsWith(written.slice(0, -1)))
    : names.filter((name) => name === written)

/** The vif of a measure that a scenario does not have; undefined: it has all of them. */
export function missingVif({ scope: { vifs } }: MeasurePlan, names: readonly string[]): string | undefined {
  return vifs?.find((written) => matching(written, names).length === 0)
}

/** Measures a run. */
export function takeMeasures(results: Results, plans: Iterable<MeasurePlan>): Figures {
  const names = Object.keys(results.vifs)
  const figures: Figures = {}
  for (const { name, of, scope } of plans) {
    const vifs = scope.vifs?.flatMap((written) => matching(written, names))
    figures[name] = measures[of].of(results, { ...scope, ...(vifs && { vifs }) })
  }
  return figures
}

/** That there is nothing of a name, and what there is. */
export function unknown(what: string, name: string, known: Iterable<string>): string {
  const names = [...known]
  const near = nearest(name, names)
  const help = near === undefined ? `the ${what}s are ${list(names)}` : `did you mean "${near}"?`
  return `there is no ${what} ${quote(name)}; ${help}`
}
