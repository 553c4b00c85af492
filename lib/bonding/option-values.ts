import { RingbackError } from '../errors.ts'
import { formatDuration } from '../units.ts'
import { toBond } from './to-bond.ts'
import type { BondConfig } from './config.ts'
import { bondOptions, nsPerMs, nsPerSecond } from './options.ts'
import type { BondOption, OptionKey } from './options.ts'
import type { BondInput } from './schema.ts'

// A bond's options as values: what differs from Linux's defaults, in our words and in Linux's.

const values: Record<OptionKey, (bond: BondConfig) => string | number | boolean | null> = {
  mode: ({ mode }) => mode,
  miimon: ({ miimonNs }) => miimonNs,
  updelay: ({ updelayNs }) => updelayNs,
  downdelay: ({ downdelayNs }) => downdelayNs,
  xmitHashPolicy: ({ xmitHashPolicy }) => xmitHashPolicy,
  primary: ({ primary }) => primary,
  primaryReselect: ({ primaryReselect }) => primaryReselect,
  packetsPerNic: ({ packetsPerNic }) => packetsPerNic,
  minLinks: ({ minLinks }) => minLinks,
  lacpRate: ({ lacpRate }) => lacpRate,
  lacpActive: ({ lacpActive }) => lacpActive,
  adSelect: ({ adSelect }) => adSelect,
  tlbDynamicLb: ({ tlbDynamicLb }) => tlbDynamicLb,
  numGratArp: ({ numGratArp }) => numGratArp,
  lpInterval: ({ lpIntervalNs }) => lpIntervalNs,
  allNicsActive: ({ allNicsActive }) => allNicsActive,
}

/** An option and what a bond has of it. */
export interface SetOption {
  option: BondOption
  value: string | number | boolean
}

/** The options in which a bond is not as Linux makes one: its mode first, and a monitor that the mode would bring anyway too. */
export function setOptions(bond: BondConfig): SetOption[] {
  const plain = toBond(bond.name, { nics: bond.nics })
  return bondOptions.flatMap((option) => {
    const value = values[option.key](bond)
    const isSaid = option.key === 'mode' || value !== values[option.key](plain)
    return value !== null && isSaid ? [{ option, value }] : []
  })
}

/** An option's value as `ip link` and sysfs write it. @throws {@link RingbackError} ERR_BOND */
export function linuxValue({ option, value }: SetOption): string {
  const { key, kind, isOnOff } = option
  if (kind === 'flag') return isOnOff ? (value ? 'on' : 'off') : String(Number(value))
  if (kind === 'ms') return wholeUnits(key, Number(value), nsPerMs, 'milliseconds')
  if (kind === 's') return wholeUnits(key, Number(value), nsPerSecond, 'seconds')
  return String(value)
}

function wholeUnits(key: string, ns: number, unitNs: number, unit: string): string {
  if (ns % unitNs === 0) return String(ns / unitNs)
  throw new RingbackError(
    'ERR_BOND',
    `${key}: ${formatDuration(ns)} is no whole number of ${unit}, in which Linux counts`,
  )
}

/** A bond as a scenario has it, without what is Linux's default. */
export function bondWords(bond: BondConfig): BondInput {
  const { nics, partner } = bond
  const { partner: usual } = toBond(bond.name, { nics })
  const others = {
    ...(partner.lacp !== usual.lacp && { lacp: partner.lacp }),
    ...(partner.lacpRate !== usual.lacpRate && { lacpRate: partner.lacpRate }),
    ...(partner.switches.some((number) => number !== 0) && { switches: [...partner.switches] }),
  }
  const words = setOptions(bond).map(({ option: { key, kind }, value }): [OptionKey, SetOption['value']] => [
    key,
    kind === 'ms' || kind === 's' ? formatDuration(Number(value)) : value,
  ])
  return {
    ...(Object.fromEntries(words) as Partial<BondInput>),
    nics: [...nics],
    ...(Object.keys(others).length > 0 && { partner: others }),
  }
}
