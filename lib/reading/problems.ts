import { distance } from 'fastest-levenshtein'
import type { z } from 'zod'

import { nameOf, quote } from '../quote.ts'
import type { Path } from './yaml-source.ts'

/** One thing that is wrong with a file: where, and `what; how to fix`. */
export interface Problem {
  path: Path
  message: string
}

/** The keys of a kind of file. */
export interface Vocabulary {
  /** Those that the object at `path` in `root` may have. */
  keysAt(path: Path, root: unknown): readonly string[]
  /** The key that is meant by a word of another vocabulary. */
  synonyms?: ReadonlyMap<string, string>
  /** What is wrong with a value about which there is more to say than the schema does. */
  explain?(issue: z.core.$ZodIssue, path: Path, value: unknown): string | undefined
}

/** `vifs.web.rate`, `traffic[0].pcap`. */
export const pathName = (path: Path): string => joined(path, nameOf)

/** The same to tell places apart: no name is shortened. */
export const pathKey = (path: Path): string => joined(path, (name) => name)

function joined(path: Path, written: (name: string) => string): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${written(step)}`))
  return steps.join('').replace(/^\./, '')
}

/** The candidate that a typing error may have turned into `word`; undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const scored = candidates.map((candidate) => ({
    candidate,
    score: distance(word.slice(0, 64).toLowerCase(), candidate.toLowerCase()),
  }))
  const best = scored.reduce((a, b) => (b.score < a.score ? b : a), { candidate: '', score: Infinity })
  // Two letters that changed places count as two.
  return best.score <= Math.min(3, Math.floor(Math.max(word.length, best.candidate.length) / 2))
    ? best.candidate
    : undefined
}

/** Names that a message lists. */
const maxListed = 20

/** `eth0, eth1`, shortened where there are many. */
export function list(names: readonly string[]): string {
  const shown = names.slice(0, maxListed).map(nameOf).join(', ')
  return names.length > maxListed ? `${shown} and ${names.length - maxListed} more` : shown
}

/**
 * `there is no NIC "eth9"; the NICs are eth0, eth1`, with a list for each section in which it could be. Where one name is
 * near and a list would not show it, `did you mean "v1000"?`.
 */
export function missing(path: Path, name: string, sections: Record<string, object>): Problem {
  const what = `there is no ${Object.keys(sections).join(' or ')} ${quote(name)}`
  const known = Object.values(sections).flatMap((section) => Object.keys(section))
  const near = nearest(name, known)
  if (near !== undefined && known.indexOf(near) >= maxListed)
    return { path, message: `${what}; did you mean "${near}"?` }
  const lists = Object.entries(sections).map(([of, section]) => `the ${of}s are ${list(Object.keys(section))}`)
  return { path, message: `${what}; ${lists.join('; ')}` }
}

/** The value at `path` in `root`; undefined where there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string | number, unknown>)[step]
  }
  return value
}

export function show(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a map'
  return String(value)
}

/** What is wrong with a key, and the key that was meant where one is near. */
export function unknownKey(path: Path, key: string, root: unknown, vocabulary: Vocabulary): Problem & { meant?: Path } {
  const here = [...path, key]
  const keys = vocabulary.keysAt(path, root)
  const synonym = vocabulary.synonyms?.get(key)
  const near = synonym !== undefined && keys.includes(synonym) ? synonym : nearest(key, keys)
  if (near === undefined) return { path: here, message: `unknown key; the keys here are ${list(keys)}` }
  return { path: here, message: `unknown key; did you mean "${near}"?`, meant: [...path, near] }
}

/** What is wrong before the semicolon, from the kind of issue; how to fix after it, from the schema. */
function explain(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'custom') return issue.message
  if (issue.code === 'invalid_union') {
    const told = issue.errors.flat().find(({ code }) => code === 'custom')
    if (told) return told.message
  }
  if (issue.code === 'invalid_key') return `not a name; ${issue.issues[0]?.message ?? 'use letters and digits'}`
  if (value === undefined) return `missing; ${issue.message}`
  if (value === null || value === '') return `has no value; ${issue.message}`
  if (issue.code === 'too_small') return `${show(value)} is too small; ${issue.message}`
  if (issue.code === 'too_big') return `${show(value)} is too large; ${issue.message}`
  return `${show(value)} is not valid here; ${issue.message}`
}

/** The schema's issues with `root` in people's words. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], root: unknown, vocabulary: Vocabulary): Problem[] {
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => unknownKey(pathOf(issue), key, root, vocabulary)) : [],
  )
  // A key that is missing because it is misspelt is one mistake, not two.
  const meant = new Set(unknown.flatMap(({ meant: path }) => (path ? [pathKey(path)] : [])))
  const others = issues.flatMap((issue): Problem[] => {
    const path = pathOf(issue)
    const value = valueAt(root, path)
    if (issue.code === 'unrecognized_keys' || (value === undefined && meant.has(pathKey(path)))) return []
    return [{ path, message: vocabulary.explain?.(issue, path, value) ?? explain(issue, value) }]
  })
  return [...unknown, ...others]
}

function pathOf(issue: z.core.$ZodIssue): Path {
  return issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))
}
