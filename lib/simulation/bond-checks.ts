import { bondProblems } from '../bonding/checks.ts'
import { missing } from '../reading/problems.ts'
import type { Problem } from '../reading/problems.ts'
import type { Path } from '../reading/yaml-source.ts'
import type { CheckedInput } from './schema.ts'

/** Which bond each NIC is in. */
export function bondOfNics({ bonds }: Pick<CheckedInput, 'bonds'>): ReadonlyMap<string, string> {
  return new Map(Object.entries(bonds).flatMap(([name, { nics }]) => nics.map((nic) => [nic, name] as const)))
}

/** What is wrong with the bonds, each by itself and in their places. */
export function bondPlaceProblems(input: CheckedInput): Problem[] {
  const { nics, bonds } = input
  const places = Object.entries(bonds).flatMap(([name, bond]): Problem[] => {
    const path: Path = ['bonds', name]
    const unknown = bond.nics.flatMap((nic, i): Problem[] =>
      Object.hasOwn(nics, nic) ? [] : [missing([...path, 'nics', i], nic, { NIC: nics })],
    )
    if (!Object.hasOwn(nics, name)) return unknown
    return [...unknown, { path, message: 'there is a NIC of this name; call the bond something else, as in bond0' }]
  })
  return [...bondProblems(bonds, ['bonds']), ...places]
}
