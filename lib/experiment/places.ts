import { isRecord } from './record.ts'
import type { Path } from '../reading/yaml-source.ts'

// Places in the base, as they are written in an experiment: vifs.web.rate, traffic[0].size, vifs.*.queues.

const wildcard = Symbol('every entry')
type Step = string | number | typeof wildcard

const stepPattern = /^(?:\.?([A-Za-z0-9_-]+)|\.(\*)|\[(\d{1,6})\]|\[(\*)\])/
const maxSteps = 16

/** The steps of a written place; undefined where it is none. */
function parsePlace(text: string): Step[] | undefined {
  const steps: Step[] = []
  let rest = text
  while (rest !== '') {
    const match = stepPattern.exec(rest)
    const isFirst = steps.length === 0
    // A place begins with a bare name, and every further name has its dot.
    if (!match || isFirst !== /^[A-Za-z0-9_-]/.test(rest) || steps.length === maxSteps) return undefined
    const [whole, name, , index] = match
    steps.push(name ?? (index === undefined ? wildcard : Number(index)))
    rest = rest.slice(whole.length)
  }
  return steps
}

const entriesOf = (value: unknown): (string | number)[] =>
  Array.isArray(value) ? [...value.keys()] : isRecord(value) ? Object.keys(value) : []

function entryOf(value: unknown, step: string | number): unknown {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined
  return isRecord(value) && Object.hasOwn(value, step) ? value[step] : undefined
}

/** Where a written place leads in `root`: every match, or what is wrong. Only its last step may be absent there. */
export type Found = { paths: Path[] } | { problem: string }

/**
 * @param text - a place
 * @param root - where it is looked for
 */
export function findPlaces(text: string, root: unknown): Found {
  const steps = parsePlace(text)
  if (!steps) return { problem: 'not a place; write one as in vifs.web.rate, traffic[0].size or vifs.*.queues' }
  let paths: Path[] = [[]]
  for (const [i, step] of steps.entries()) {
    const isLast = i === steps.length - 1
    paths = paths.flatMap((path) => {
      const value = valueAt(root, path)
      if (step === wildcard) return entriesOf(value).map((entry) => [...path, entry])
      const isThere = entryOf(value, step) !== undefined
      return isThere || (isLast && typeof step === 'string' && isRecord(value)) ? [[...path, step]] : []
    })
    if (paths.length === 0) return { problem: `the base has nothing at ${describe(steps.slice(0, i + 1))}` }
  }
  return { paths }
}

const describe = (steps: readonly Step[]): string =>
  steps
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`
      const name = step === wildcard ? '*' : step
      return i === 0 ? name : `.${name}`
    })
    .join('')

const valueAt = (root: unknown, path: Path): unknown => path.reduce(entryOf, root)

/** Writes `value` to a place that findPlaces() found in `root`. */
export function setAt(root: unknown, path: Path, value: unknown): void {
  const parent = valueAt(root, path.slice(0, -1))
  const last = path.at(-1)!
  if (Array.isArray(parent)) parent[Number(last)] = value
  else if (isRecord(parent))
    Object.defineProperty(parent, last, { value, enumerable: true, configurable: true, writable: true })
}
