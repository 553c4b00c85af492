import { quote } from '../quote.ts'
import { list, unknownKey } from '../reading/problems.ts'
import type { Problem } from '../reading/problems.ts'
import { scenarioVocabulary } from '../simulation/scenario-problems.ts'
import { checkLocated } from '../simulation/check-scenario.ts'
import type { Scenario } from '../simulation/scenario.ts'
import type { Path } from '../reading/yaml-source.ts'
import { copyNames, makeCopies } from './copies.ts'
import { drawn, hasDraws } from './draws.ts'
import { findPlaces, setAt } from './places.ts'
import { isRecord } from './record.ts'

/** A value that is written to places of the base. */
export interface Setting {
  place: string
  value: unknown
  /** In the experiment: the place, and the value. */
  placeAt: Path
  valueAt: Path
}

/** What the points of an experiment are made from. */
export interface PointSource {
  name: string
  base: Readonly<Record<string, unknown>>
  copies: Readonly<Record<string, number>>
  /** What captures' paths are relative to. */
  directory: string
  /** How a place in the experiment is called in messages. */
  locate: (path: Path) => string
}

/** A place of the base that was written, and where in the experiment it is said. */
interface Written {
  path: Path
  at: Path
}

/** The base and, beside its sections, the copies. */
type Root = Record<string, unknown> & { copies: Record<string, unknown> }

/** Keys of a scenario that an experiment decides. */
export const ownKeys: readonly string[] = ['name', 'seed']
const maxCopies = 4095

/** A problem with the experiment, for the caller to tell. */
export class ProblemError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
  }
}

/** The scenario of a point: the same with every seed, or, where values are drawn at random, one a seed. */
export interface PointScenario {
  /** That of the first seed. */
  scenario: Scenario
  drawn: ReadonlyMap<number, Scenario> | undefined
}

/**
 * The scenario of a point: the base with the settings, the later ones over the earlier.
 *
 * @param seeds - at least one

 * @throws {@link ProblemError} where a place is none; RingbackError ERR_SCENARIO where the scenario is wrong, with the
 * place in the experiment that made it so
 */
export function pointScenario(
  source: PointSource,
  settings: readonly Setting[],
  seeds: readonly number[],
): PointScenario {
  const root: Root = { ...structuredClone(source.base), copies: { ...source.copies } }
  const written: Written[] = []
  for (const setting of settings)
    for (const path of placesOf(setting, root)) {
      setAt(root, path, structuredClone(setting.value))
      written.push({ path, at: setting.valueAt })
    }
  const { copies, ...rest } = root
  const counts = checkCopies(copies, root.vifs, written)
  const copied = makeCopies({ ...rest, name: source.name }, counts)
  const locate = (path: Path): string => {
    const origin = copied.originOf(path)
    const setting = written.findLast((one) => isWithin(origin, one.path))
    return source.locate(setting ? setting.at : ['base', ...origin])
  }
  const checked = (seed: number): Scenario => checkLocated(drawn(copied.scenario, seed), source.directory, locate)
  const [first] = seeds
  const scenario = checked(first!)
  if (!hasDraws(copied.scenario)) return { scenario, drawn: undefined }
  return { scenario, drawn: new Map(seeds.map((seed) => [seed, seed === first ? scenario : checked(seed)])) }
}

const isWithin = (path: Path, outer: Path): boolean => outer.every((step, i) => path[i] === step)

function placesOf({ place, placeAt }: Setting, root: Record<string, unknown>): Path[] {
  const found = findPlaces(place, root)
  if ('problem' in found) throw new ProblemError({ path: placeAt, message: found.problem })
  for (const path of found.paths) checkKey(path, root, placeAt)
  return found.paths
}

/** A key that nothing has is the place's fault, not the value's. */
function checkKey(path: Path, root: Record<string, unknown>, placeAt: Path): void {
  const [parent, key] = [path.slice(0, -1), path.at(-1)!]
  if (path[0] === 'copies' || typeof key === 'number') return
  if (parent.length === 0 && ownKeys.includes(key))
    throw new ProblemError({ path: placeAt, message: `the ${key} is the experiment's; it cannot be varied here` })
  // Vifs, NICs, bonds and bridges have names of their own; what is deeper than a source's keys is the scenario's to check.
  const isNamed = parent.length === 1 && ['vifs', 'nics', 'bonds', 'bridges'].includes(String(path[0]))
  if (isNamed || parent.length > 2 || scenarioVocabulary.keysAt(parent, root).includes(key)) return
  throw new ProblemError({ path: placeAt, message: unknownKey(parent, key, root, scenarioVocabulary).message })
}

/** What a copy cannot be made of. */
function checkCopies(
  copies: Readonly<Record<string, unknown>>,
  vifs: unknown,
  written: readonly Written[],
): Record<string, number> {
  const names = isRecord(vifs) ? Object.keys(vifs) : []
  return Object.fromEntries(
    Object.entries(copies).map(([name, count]) => {
      const at = written.findLast(({ path }) => path[0] === 'copies' && path[1] === name)?.at ?? ['copies', name]
      const fail = (message: string): never => {
        throw new ProblemError({ path: at, message })
      }
      if (!names.includes(name)) return fail(`there is no vif ${quote(name)}; the vifs are ${list(names)}`)
      if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > maxCopies)
        return fail(`write a whole number of copies, 1 to ${maxCopies}`)
      const clash = names.find((other) => copyNames(name, count).includes(other))
      if (clash !== undefined) return fail(`a copy would be called ${quote(clash)}, as another vif is; rename that one`)
      return [name, count]
    }),
  )
}
