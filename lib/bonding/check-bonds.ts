import { RingbackError } from '../errors.ts'
import { pathName, problemsOf } from '../reading/problems.ts'
import type { Problem, Vocabulary } from '../reading/problems.ts'
import type { Path } from '../reading/yaml-source.ts'
import { bondProblems } from './checks.ts'
import { toBond } from './to-bond.ts'
import type { BondConfig } from './config.ts'
import { bondSynonyms } from './options.ts'
import { bondKeysAt, bondsSchema } from './schema.ts'
import type { BondInput, ReadBonds } from './schema.ts'

const vocabulary: Vocabulary = {
  keysAt: (path) => (path.length > 0 ? bondKeysAt(path) : []),
  synonyms: bondSynonyms,
}

/**
 * Checks bonds by themselves, as they stand in a scenario.
 *
 * @param input - by name; each a {@link BondInput}
 * @throws {@link RingbackError} ERR_BOND, `path: what; how to fix`
 * @example checkBonds({ bond0: { mode: 'active-backup', nics: ['eth0', 'eth1'], miimon: '100ms', primary: 'eth0' } })
 */
export function checkBonds(input: Readonly<Record<string, BondInput>>): BondConfig[] {
  return checkLocatedBonds(input, (path) => pathName(path) || 'bonds')
}

/**
 * Checks bonds that stand somewhere else in other words.
 *
 * @param locate - what a place in `input` is called in messages
 * @throws {@link RingbackError} ERR_BOND
 */
export function checkLocatedBonds(input: unknown, locate: (path: Path) => string): BondConfig[] {
  const result = bondsSchema.safeParse(input)
  if (!result.success) return refuse(problemsOf(result.error.issues, input, vocabulary), locate)
  const bonds: ReadBonds = result.data
  const problems = bondProblems(bonds)
  if (problems.length > 0) return refuse(problems, locate)
  return Object.entries(bonds).map(([name, bond]) => toBond(name, bond))
}

function refuse([first]: readonly Problem[], locate: (path: Path) => string): never {
  throw new RingbackError('ERR_BOND', `${locate(first?.path ?? [])}: ${first?.message ?? 'no bonds'}`)
}
