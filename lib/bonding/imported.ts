import { RingbackError } from '../errors.ts'
import { nameOf, quote } from '../quote.ts'
import { list, nearest } from '../reading/problems.ts'
import { checkLocatedBonds } from './check-bonds.ts'
import type { BondConfig } from './config.ts'
import { bondOptions, needsMiimon } from './options.ts'
import type { BondMode, BondOption, OptionKey } from './options.ts'

/** Bonds that were read from what a host has. */
export interface ImportedBonds {
  bonds: BondConfig[]
  /** What was left out. */
  notes: string[]
}

/** Where something stands in a file, for messages: `web.yaml:12: network.bonds.bond0`. */
export type Place = string

/** A host's options that mean nothing in a simulation, by Linux's names, with the values at which nothing is lost. */
const leftOut: ReadonlyMap<string, readonly string[]> = new Map([
  ['use_carrier', ['1', 'on']],
  ['resend_igmp', ['1']],
  ['fail_over_mac', ['none', '0']],
  ['fail_over_mac_policy', ['none']],
  ['peer_notif_delay', ['0']],
  ['peer_notify_delay', ['0']],
  ['ad_actor_sys_prio', ['65535']],
  ['ad_actor_system', ['00:00:00:00:00:00']],
  ['ad_user_port_key', ['0']],
  ['coupled_control', ['1', 'on']],
  ['broadcast_neighbor', ['0', 'off']],
  ['arp_validate', ['none', '0', 'null']],
  ['arp_all_targets', ['any', '0']],
  ['arp_missed_max', ['2']],
  ['missed_max', ['2']],
  ['arp_ip_target', []],
  ['arp_ip_targets', []],
  ['ns_ip6_target', []],
])
/** What a host says of a bond, not what it is told. */
const states: ReadonlySet<string> = new Set(['active_slave', 'ad_info', 'slaves', 'mii_status'])
const arpInterval = 'arp_interval'

/** A bond while it is read. */
interface Draft {
  place: Place
  nics: { name: string; place: Place }[]
  options: Map<OptionKey, { value: string | number | boolean; place: Place }>
  arp?: Place
}

/** Collects bonds in a host's words, then makes ours of them. */
export class BondCollector {
  readonly #names: (option: BondOption) => readonly string[]
  readonly #drafts = new Map<string, Draft>()
  readonly #notes: string[] = []

  /** @param names - what an option is called where the bonds come from */
  constructor(names: (option: BondOption) => readonly string[]) {
    this.#names = names
  }

  get isEmpty(): boolean {
    return this.#drafts.size === 0
  }

  add(bond: string, place: Place): void {
    if (this.#drafts.has(bond)) fail(place, `bond ${quote(bond)} is there twice; keep one of the two`)
    this.#drafts.set(bond, { place, nics: [], options: new Map() })
  }

  has(bond: string): boolean {
    return this.#drafts.has(bond)
  }

  addNic(bond: string, nic: string, place: Place): void {
    this.#draft(bond).nics.push({ name: nic, place })
  }

  /** An option as a host has it: a number for a word, `1` for true. */
  set(bond: string, name: string, value: unknown, place: Place): void {
    const draft = this.#draft(bond)
    const text = typeof value === 'string' ? value : JSON.stringify(value ?? null)
    const word = name.replaceAll('-', '_')
    if (states.has(word)) return
    if (word === arpInterval) {
      if (!/^0+(ms|s)?$/.test(text)) draft.arp = place
      return
    }
    const neutral = leftOut.get(word)
    if (neutral) {
      if (!neutral.includes(text))
        this.#notes.push(`${bond}: ${name} ${nameOf(text)} is not simulated; it was left out`)
      return
    }
    const option = bondOptions.find((each) => this.#names(each).includes(name))
    if (!option) return this.#unknown(name, place)
    draft.options.set(option.key, { value: readValue(option, text, place), place })
  }

  /** Forgets what the mode of a bond has no use for: a host shows every option of every bond. */
  dropUnused(): void {
    for (const { options } of this.#drafts.values()) {
      const mode = (options.get('mode')?.value ?? 'balance-rr') as BondMode
      for (const { key, modes } of bondOptions) if (modes?.includes(mode) === false) options.delete(key)
      if (!options.has('primary')) options.delete('primaryReselect')
      if (options.get('miimon')?.value === '0ms' && !needsMiimon(mode))
        for (const key of ['updelay', 'downdelay'] as const) options.delete(key)
    }
  }

  /** @throws {@link RingbackError} ERR_BOND, with the place */
  finish(): ImportedBonds {
    for (const [, draft] of this.#drafts) if (draft.arp !== undefined) failOfArp(draft, draft.arp)
    const inputs = [...this.#drafts].map(([name, { nics, options }]) => {
      const words = [...options].map(([key, { value }]) => [key, value] as const)
      return [name, { nics: nics.map((nic) => nic.name), ...Object.fromEntries(words) }] as const
    })
    const bonds = checkLocatedBonds(Object.fromEntries(inputs), (path) => this.#placeOf(path))
    return { bonds, notes: [...this.#notes] }
  }

  #unknown(name: string, place: Place): never {
    const known = [...bondOptions.flatMap((option) => this.#names(option).slice(0, 1)), 'arp_interval']
    const near = nearest(name, known)
    fail(place, `no option of a bond; ${near === undefined ? `there are ${list(known)}` : `did you mean "${near}"?`}`)
  }

  #placeOf([name, key, row]: readonly (string | number)[]): Place {
    const draft = this.#drafts.get(String(name))
    if (key === 'nics') return draft?.nics[Number(row)]?.place ?? draft?.place ?? ''
    return draft?.options.get(key as OptionKey)?.place ?? draft?.place ?? ''
  }

  #draft(bond: string): Draft {
    const draft = this.#drafts.get(bond)
    if (!draft) throw new Error(`internal error: no bond ${bond} was added`)
    return draft
  }
}

/** A host's text as a scenario writes it; what is no value of the option is left for the schema to refuse. */
function readValue({ kind, words = [] }: BondOption, text: string, place: Place): string | number | boolean {
  if (kind === 'ms' || kind === 's') return /^\d+$/.test(text) ? `${text}${kind}` : text
  if (kind === 'word') return (/^\d+$/.test(text) ? words[Number(text)] : undefined) ?? text
  if (kind === 'nic') return text
  if (kind === 'count') return /^\d+$/.test(text) ? Number(text) : fail(place, `${quote(text)} is no whole number`)
  if (['1', 'on', 'true', 'yes', 'y'].includes(text)) return true
  if (['0', 'off', 'false', 'no', 'n'].includes(text)) return false
  return fail(place, `${quote(text)} is neither on nor off; write one of the two`)
}

function failOfArp({ options }: Draft, place: Place): never {
  const mode = (options.get('mode')?.value ?? 'balance-rr') as BondMode
  const miimon = options.get('miimon')?.value
  if (miimon !== undefined && miimon !== '0ms') fail(place, 'Linux watches links or sends ARP, never both; remove it')
  if (needsMiimon(mode)) fail(place, `Linux refuses it in ${mode}; watch the links instead, every 100 ms`)
  fail(place, 'monitoring by ARP is not simulated; watch the links instead, every 100 ms')
}

export function fail(place: Place, message: string): never {
  throw new RingbackError('ERR_BOND', `${place}: ${message}`)
}
