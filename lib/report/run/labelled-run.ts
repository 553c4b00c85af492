import type { SavedResults } from '../../simulation/results-schema.ts'

/** Results and where they are from. */
export interface SourcedResults {
  results: SavedResults
  /** A file or a folder, as the user named it. */
  source?: string
}

/** A run of a report: the first one is the baseline of the others. */
export interface LabelledRun {
  /** What distinguishes it from the others. */
  label: string
  results: SavedResults
  source?: string
}

/** Each run by the first thing that all of them differ in; a file's path always does. */
export function labelRuns(all: readonly SourcedResults[]): LabelledRun[] {
  const kinds: ((one: SourcedResults, i: number) => string)[] = [
    ({ results }) => results.policy,
    ({ results }) => results.scenario,
    ({ results }) => `${results.scenario}, ${results.policy}`,
    ({ results }) => `seed ${results.seed}`,
    ({ results }) => `${results.scenario}, ${results.policy}, seed ${results.seed}`,
    ({ source, results }) => source ?? results.traceHash,
  ]
  const isDistinct = (kind: (typeof kinds)[number]): boolean => new Set(all.map(kind)).size === all.length
  const kind = kinds.find(isDistinct) ?? (({ source, results }, i) => `${i + 1}: ${source ?? results.scenario}`)
  return all.map((one, i) => ({ ...one, label: kind(one, i) }))
}

/** The vifs, NICs or bonds of all runs, each once, in their order. */
export function namesIn(runs: readonly LabelledRun[], section: 'vifs' | 'nics' | 'bonds'): string[] {
  return [...new Set(runs.flatMap(({ results }) => Object.keys(results[section])))]
}

/** The end of the time axis that all runs share. */
export const longest = (runs: readonly LabelledRun[]): number =>
  Math.max(...runs.map(({ results }) => results.simulatedSeconds))
