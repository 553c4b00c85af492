// Linux's vocabulary of bonds: what its options are called, here and there, and in which modes they mean something.
// Source: drivers/net/bonding/bond_options.c (names, numbers, modes), ip/iplink_bond.c, netplan's bonds.

/** Linux's seven modes in the order of its numbers, then ours. */
export const bondModes = [
  'balance-rr',
  'active-backup',
  'balance-xor',
  'broadcast',
  '802.3ad',
  'balance-tlb',
  'balance-alb',
  'balance-edpf',
  'balance-flowlet',
] as const
export type BondMode = (typeof bondModes)[number]
/** Modes that a host has. */
export const linuxModes: readonly BondMode[] = bondModes.slice(0, 7)

/** In the order of Linux's numbers, as all of these lists. */
export const xmitHashPolicies = ['layer2', 'layer3+4', 'layer2+3', 'encap2+3', 'encap3+4', 'vlan+srcmac'] as const
export const primaryReselects = ['always', 'better', 'failure'] as const
export const lacpRates = ['slow', 'fast'] as const
export const adSelects = ['stable', 'bandwidth', 'count'] as const
/** Of the other end. */
export const partnerActivities = ['active', 'passive', 'off'] as const

export type XmitHashPolicy = (typeof xmitHashPolicies)[number]
export type PrimaryReselect = (typeof primaryReselects)[number]
export type LacpRate = (typeof lacpRates)[number]
export type AdSelect = (typeof adSelects)[number]
export type PartnerActivity = (typeof partnerActivities)[number]

/** NICs that one bond may have. */
export const maxBondNics = 32
/** Linux's miimon where a mode cannot do without. Source: BOND_DEFAULT_MIIMON. */
export const defaultMiimonNs = 100_000_000
export const nsPerMs = 1_000_000
export const nsPerSecond = 1_000_000_000

/** A bond's keys that are options of Linux. */
export type OptionKey =
  | 'mode'
  | 'miimon'
  | 'updelay'
  | 'downdelay'
  | 'xmitHashPolicy'
  | 'primary'
  | 'primaryReselect'
  | 'packetsPerNic'
  | 'minLinks'
  | 'lacpRate'
  | 'lacpActive'
  | 'adSelect'
  | 'tlbDynamicLb'
  | 'numGratArp'
  | 'lpInterval'
  | 'allNicsActive'

/** How a host writes an option. */
export interface BondOption {
  key: OptionKey
  /** Linux's name, then others for the same. */
  linux: readonly [string, ...string[]]
  /** netplan's name, then others for the same; none: netplan cannot say it. */
  netplan: readonly string[]
  /** word: one of `words`, or its number; ms and s: whole ones of them. */
  kind: 'word' | 'nic' | 'ms' | 's' | 'count' | 'flag'
  words?: readonly string[]
  /** Of a flag that `ip link` writes with words. */
  isOnOff?: boolean
  /** Absent: all. */
  modes?: readonly BondMode[]
  /** What Linux does with it in other modes; tells: it says that it is irrelevant, and goes on. */
  elsewhere?: 'refuses' | 'ignores' | 'tells'
}

const withPrimary: readonly BondMode[] = ['active-backup', 'balance-tlb', 'balance-alb']
const lacp = { modes: ['802.3ad'] as const, elsewhere: 'refuses' as const }

export const bondOptions: readonly BondOption[] = [
  { key: 'mode', linux: ['mode'], netplan: ['mode'], kind: 'word', words: linuxModes },
  { key: 'miimon', linux: ['miimon'], netplan: ['mii-monitor-interval'], kind: 'ms' },
  { key: 'updelay', linux: ['updelay'], netplan: ['up-delay'], kind: 'ms' },
  { key: 'downdelay', linux: ['downdelay'], netplan: ['down-delay'], kind: 'ms' },
  {
    key: 'xmitHashPolicy',
    linux: ['xmit_hash_policy'],
    netplan: ['transmit-hash-policy'],
    kind: 'word',
    words: xmitHashPolicies,
    modes: ['balance-xor', '802.3ad', 'balance-tlb'],
    elsewhere: 'tells',
  },
  {
    key: 'primary',
    linux: ['primary'],
    netplan: ['primary'],
    kind: 'nic',
    modes: withPrimary,
    elsewhere: 'refuses',
  },
  {
    key: 'primaryReselect',
    linux: ['primary_reselect'],
    netplan: ['primary-reselect-policy'],
    kind: 'word',
    words: primaryReselects,
    modes: withPrimary,
    elsewhere: 'ignores',
  },
  {
    key: 'packetsPerNic',
    linux: ['packets_per_slave'],
    netplan: ['packets-per-slave', 'packets-per-member'],
    kind: 'count',
    modes: ['balance-rr'],
    elsewhere: 'refuses',
  },
  {
    key: 'minLinks',
    linux: ['min_links'],
    netplan: ['min-links'],
    kind: 'count',
    modes: ['802.3ad'],
    elsewhere: 'ignores',
  },
  { key: 'lacpRate', linux: ['lacp_rate'], netplan: ['lacp-rate'], kind: 'word', words: lacpRates, ...lacp },
  { key: 'lacpActive', linux: ['lacp_active'], netplan: [], kind: 'flag', isOnOff: true, ...lacp },
  {
    key: 'adSelect',
    linux: ['ad_select'],
    netplan: ['ad-select'],
    kind: 'word',
    words: adSelects,
    modes: ['802.3ad'],
    elsewhere: 'ignores',
  },
  {
    key: 'tlbDynamicLb',
    linux: ['tlb_dynamic_lb'],
    netplan: [],
    kind: 'flag',
    modes: ['balance-tlb'],
    elsewhere: 'refuses',
  },
  {
    key: 'numGratArp',
    linux: ['num_grat_arp', 'num_unsol_na', 'num_peer_notif'],
    netplan: ['gratuitous-arp', 'gratuitious-arp'],
    kind: 'count',
    modes: ['active-backup'],
    elsewhere: 'ignores',
  },
  {
    key: 'lpInterval',
    linux: ['lp_interval'],
    netplan: ['learn-packet-interval'],
    kind: 's',
    modes: ['balance-tlb', 'balance-alb'],
    elsewhere: 'ignores',
  },
  {
    key: 'allNicsActive',
    linux: ['all_slaves_active'],
    netplan: ['all-slaves-active', 'all-members-active'],
    kind: 'flag',
  },
]

/** Whether an option is written where the mode has no use for it. */
export const isMisplaced = ({ key, modes }: BondOption, bond: Partial<Record<OptionKey, unknown>>, mode: BondMode) =>
  bond[key] !== undefined && modes?.includes(mode) === false

/** Linux's and netplan's names of keys, for those who write them where ours belong. */
export const bondSynonyms: ReadonlyMap<string, string> = new Map([
  ...bondOptions.flatMap(({ key, linux, netplan }) => [...linux, ...netplan].map((name) => [name, key] as const)),
  ...['slaves', 'members', 'ports', 'interfaces'].map((name) => [name, 'nics'] as const),
])

/** Whether Linux monitors links in this mode whatever miimon says. Source: bond_mode_uses_arp. */
export const needsMiimon = (mode: BondMode): boolean => ['802.3ad', 'balance-tlb', 'balance-alb'].includes(mode)
