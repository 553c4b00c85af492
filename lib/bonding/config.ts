import type { AdSelect, BondMode, LacpRate, PartnerActivity, PrimaryReselect, XmitHashPolicy } from './options.ts'

/** A checked bond: every default filled in, every quantity a number, as Linux would have it. */
export interface BondConfig {
  name: string
  mode: BondMode
  /** The names of its NICs. */
  nics: string[]
  /** Time between looks at the links; 0: nobody looks. */
  miimonNs: number
  /** Whole multiples of miimonNs, as Linux rounds them. */
  updelayNs: number
  downdelayNs: number
  xmitHashPolicy: XmitHashPolicy
  /** null: none. */
  primary: string | null
  primaryReselect: PrimaryReselect
  /** Frames to a NIC before the next one's turn; 0: a NIC at random. */
  packetsPerNic: number
  minLinks: number
  lacpRate: LacpRate
  lacpActive: boolean
  adSelect: AdSelect
  tlbDynamicLb: boolean
  numGratArp: number
  lpIntervalNs: number
  allNicsActive: boolean
  /** The other end of the wires. */
  partner: { lacp: PartnerActivity; lacpRate: LacpRate; switches: number[] }
  /** What Linux makes of what was written, where that is something else, and what it leaves undone. */
  notes: string[]
}
