import type { Path } from '../reading/yaml-source.ts'
import { pathKey } from '../reading/problems.ts'
import { isRecord } from './record.ts'

// Values that are drawn at random from a list: { oneOf: [1s, 2s, 3s] }. What is drawn depends on the seed and on the place
// where it stands, on nothing else: all that are compared with one another get the same.

/** The list to draw from; undefined where the value is no such list. */
function choicesOf(value: unknown): readonly unknown[] | undefined {
  if (!isRecord(value)) return undefined
  const { oneOf, ...rest } = value
  return Array.isArray(oneOf) && oneOf.length > 0 && Object.keys(rest).length === 0 ? oneOf : undefined
}

/** Whether something in it is to be drawn. */
export function hasDraws(value: unknown): boolean {
  if (choicesOf(value)) return true
  const inner = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : []
  return inner.some(hasDraws)
}

/** 32 bits of a text, each as likely to be 1 as 0: FNV-1a, then the last steps of MurmurHash3. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A copy with a value in place of each list. */
export function drawn(value: unknown, seed: number, at: Path = []): unknown {
  const choices = choicesOf(value)
  if (choices) return choices[hashOf(`${seed} ${pathKey(at)}`) % choices.length]
  if (Array.isArray(value)) return value.map((each: unknown, i) => drawn(each, seed, [...at, i]))
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, drawn(each, seed, [...at, key])]))
}
