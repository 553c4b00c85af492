import type { Path } from '../reading/yaml-source.ts'
import { isRecord } from './record.ts'

/** A scenario with the copies made, and where each place of it comes from. */
export interface Copied {
  scenario: Record<string, unknown>
  /** The place in the scenario as it was. */
  originOf: (path: Path) => Path
}

/** What `count` copies of a vif are called. */
export const copyNames = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name}${i + 1}`)

/**
 * Makes a vif `web` into web1, web2 and so on, each with all the sources that name it. Whatever else names it finds
 * nothing: the scenario's check says so.
 *
 * @param scenario - as it is written; its shape was not checked
 * @param copies - how many of a vif
 */
export function makeCopies(scenario: Record<string, unknown>, copies: Readonly<Record<string, number>>): Copied {
  const vifOrigins = new Map<string, string>()
  const sourceOrigins: number[] = []
  const namesOf = (name: unknown): string[] | undefined =>
    typeof name === 'string' && Object.hasOwn(copies, name) ? copyNames(name, copies[name]!) : undefined
  const { vifs, traffic } = scenario
  const copied = { ...scenario }
  if (isRecord(vifs))
    copied.vifs = Object.fromEntries(
      Object.entries(vifs).flatMap(([name, vif]) =>
        (namesOf(name) ?? [name]).map((copy) => {
          vifOrigins.set(copy, name)
          return [copy, vif] as const
        }),
      ),
    )
  if (Array.isArray(traffic))
    copied.traffic = traffic.flatMap((source: unknown, i): unknown[] => {
      const names = isRecord(source) ? namesOf(source.vif) : undefined
      const made = names && isRecord(source) ? names.map((vif) => ({ ...source, vif })) : [source]
      sourceOrigins.push(...made.map(() => i))
      return made
    })
  return { scenario: copied, originOf: (path) => originOf(path, vifOrigins, sourceOrigins) }
}

function originOf(path: Path, vifs: ReadonlyMap<string, string>, sources: readonly number[]): Path {
  const [section, entry, ...rest] = path
  if (section === 'vifs' && typeof entry === 'string') return [section, vifs.get(entry) ?? entry, ...rest]
  if (section === 'traffic' && typeof entry === 'number') return [section, sources[entry] ?? entry, ...rest]
  return path
}
