import { formatDuration } from '../units.ts'
import type { BondConfig } from './config.ts'
import { bondOptions, isMisplaced } from './options.ts'
import type { BondMode } from './options.ts'
import type { ReadBond } from './schema.ts'

/** Modes in which some NICs are not in use while they are up. */
const withInactive: readonly BondMode[] = ['active-backup', '802.3ad', 'balance-tlb', 'balance-alb']

/**
 * What a host would do with a bond that one may not expect. Source: bond_check_params, bond_option_mode_set,
 * _bond_option_delay_set.
 */
export function bondNotes(bond: ReadBond, config: BondConfig): string[] {
  const { mode, miimonNs, lacpActive, partner, allNicsActive } = config
  const notes = [
    ...delayNotes('updelay', bond.updelay, config.updelayNs, miimonNs),
    ...delayNotes('downdelay', bond.downdelay, config.downdelayNs, miimonNs),
  ]
  if (miimonNs === 0) notes.push('without miimon nobody notices that a NIC has lost its link, as in Linux')
  else if (!bond.miimon)
    notes.push(`miimon: ${mode} cannot do without; ${formatDuration(miimonNs)} is used, as in Linux`)
  for (const option of bondOptions)
    if (option.elsewhere === 'tells' && isMisplaced(option, bond, mode))
      notes.push(`${option.key} changes nothing: ${mode} does not look at it`)
  if (allNicsActive && !withInactive.includes(mode))
    notes.push(`allNicsActive changes nothing: every NIC is in use in ${mode}`)
  if (mode === '802.3ad' && !lacpActive && partner.lacp === 'passive')
    notes.push('lacpActive: false, and the partner is passive too: neither begins, and each NIC stays alone')
  return notes
}

function delayNotes(key: string, written = 0, used: number, miimonNs: number): string[] {
  if (written === used) return []
  const [from, to, step] = [written, used, miimonNs].map((ns) => formatDuration(ns))
  return [`${key}: ${from} is no multiple of miimon, ${step}; ${to} is used, as in Linux`]
}
