import type { BondConfig } from './config.ts'
import { bondNotes } from './notes.ts'
import { defaultMiimonNs, needsMiimon, nsPerSecond } from './options.ts'
import type { ReadBond } from './schema.ts'

/** A bond that checks.ts has nothing to say about, with Linux's defaults and roundings. */
export function toBond(name: string, bond: ReadBond): BondConfig {
  const mode = bond.mode ?? 'balance-rr'
  const miimonNs = bond.miimon || (needsMiimon(mode) ? defaultMiimonNs : 0)
  const rounded = (ns = 0): number => (miimonNs > 0 ? ns - (ns % miimonNs) : 0)
  const { lacp = 'active', lacpRate = 'slow', switches = bond.nics.map(() => 0) } = bond.partner ?? {}
  const config: BondConfig = {
    name,
    mode,
    nics: [...bond.nics],
    miimonNs,
    updelayNs: rounded(bond.updelay),
    downdelayNs: rounded(bond.downdelay),
    xmitHashPolicy: bond.xmitHashPolicy ?? 'layer2',
    primary: bond.primary ?? null,
    primaryReselect: bond.primaryReselect ?? 'always',
    packetsPerNic: bond.packetsPerNic ?? 1,
    minLinks: bond.minLinks ?? 0,
    lacpRate: bond.lacpRate ?? 'slow',
    lacpActive: bond.lacpActive ?? true,
    adSelect: bond.adSelect ?? 'stable',
    tlbDynamicLb: bond.tlbDynamicLb ?? true,
    numGratArp: bond.numGratArp ?? 1,
    lpIntervalNs: bond.lpInterval ?? nsPerSecond,
    allNicsActive: bond.allNicsActive ?? false,
    partner: { lacp, lacpRate, switches: [...switches] },
    notes: [],
  }
  return { ...config, notes: bondNotes(bond, config) }
}
