import { nameOf } from '../quote.ts'
import { list } from '../reading/problems.ts'
import type { Problem } from '../reading/problems.ts'
import type { Path } from '../reading/yaml-source.ts'
import { bondOptions, isMisplaced, linuxModes, maxBondNics, needsMiimon } from './options.ts'
import type { BondMode, BondOption } from './options.ts'
import type { ReadBond, ReadBonds } from './schema.ts'

// What Linux would refuse, and what it would take and never look at: both are mistakes.

/**
 * What is wrong with bonds, each by itself and together.
 *
 * @param at - where they stand
 */
export function bondProblems(bonds: ReadBonds, at: Path = []): Problem[] {
  const bondOfNic = new Map<string, string>()
  return Object.entries(bonds).flatMap(([name, bond]) => {
    const path = [...at, name]
    return [...nicProblems(name, bond, path, bondOfNic), ...optionProblems(bond, path), ...partnerProblems(bond, path)]
  })
}

function nicProblems(name: string, { nics }: ReadBond, path: Path, bondOfNic: Map<string, string>): Problem[] {
  if (nics.length === 0 || nics.length > maxBondNics)
    return [{ path: [...path, 'nics'], message: `has ${nics.length} NICs; name 1 to ${maxBondNics}` }]
  return nics.flatMap((nic, i): Problem[] => {
    const here = [...path, 'nics', i]
    const owner = bondOfNic.get(nic)
    bondOfNic.set(nic, owner ?? name)
    if (owner === undefined) return []
    const where =
      owner === name ? 'is there twice; keep one of the two' : `is in bond ${nameOf(owner)} already; leave it out here`
    return [{ path: here, message: `${nameOf(nic)} ${where}` }]
  })
}

function optionProblems(bond: ReadBond, path: Path): Problem[] {
  const { mode = 'balance-rr', nics, primary, primaryReselect, miimon = 0, minLinks = 0 } = bond
  const problem = (key: string, message: string): Problem => ({ path: [...path, key], message })
  const misplaced = bondOptions
    .filter((option) => option.elsewhere !== 'tells' && isMisplaced(option, bond, mode))
    .map((option) => problem(option.key, misplacedOption(option, mode)))
  if (misplaced.length > 0) return misplaced
  const problems: Problem[] = []
  if (primary !== undefined && !nics.includes(primary))
    problems.push(problem('primary', `${nameOf(primary)} is none of its NICs; name one of ${list(nics)}`))
  if (primaryReselect !== undefined && primary === undefined)
    problems.push(problem('primaryReselect', 'is there without primary, and then says nothing; name a primary'))
  if (minLinks > nics.length)
    problems.push(problem('minLinks', `${minLinks} of ${nics.length} NICs are never up; write ${nics.length} or less`))
  for (const key of ['updelay', 'downdelay'] as const)
    if (bond[key] && miimon === 0 && !needsMiimon(mode))
      problems.push(problem(key, 'is there without miimon, and Linux refuses that; write miimon: 100ms'))
  return problems
}

function misplacedOption({ modes = [], elsewhere }: BondOption, mode: BondMode): string {
  const does = linuxModes.includes(mode) ? `Linux ${elsewhere} it there` : 'there is no use for it there'
  return `is for ${modes.join(', ')}, and the mode is ${mode}: ${does}; leave it out`
}

function partnerProblems({ mode, nics, partner }: ReadBond, path: Path): Problem[] {
  if (!partner) return []
  if (mode !== '802.3ad')
    return [{ path: [...path, 'partner'], message: `speaks LACP, which is for mode: 802.3ad; leave it out` }]
  const { switches } = partner
  if (!switches || switches.length === nics.length) return []
  const message = `names ${switches.length} switches for ${nics.length} NICs; write one for each NIC`
  return [{ path: [...path, 'partner', 'switches'], message }]
}
