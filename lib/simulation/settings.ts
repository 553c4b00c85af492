import { mostBps } from '../policy/policy.ts'
import { enforcedBps } from '../units.ts'
import type { CreditRate } from '../units.ts'
import { Gauge } from './gauge.ts'
import type { Scenario } from './scenario.ts'

export type Link = 'up' | 'down'

/** A setting that was changed in a run, by an event or by a call. Rates are in bits a second; null: none. */
export interface Change {
  seconds: number
  vif?: string
  nic?: string
  key: 'rate' | 'min' | 'weight' | 'link'
  from: number | Link | null
  to: number | Link | null
}

/** What holds for a vif now. */
export interface VifSettings {
  readonly name: string
  readonly uplink: string
  cap: CreditRate | null
  /** Bits a second; 0: none. */
  readonly min: Gauge
  weight: number
}

/** What holds for a NIC now. */
export interface NicSettings {
  readonly name: string
  rateBps: number
  link: Link
}

/** What changes of a vif, read and checked; what is absent stays. */
export interface VifChange {
  cap?: CreditRate | null
  /** 0: none. */
  minBps?: number
  weight?: number
}

/** What changes of a NIC; what is absent stays. */
export interface NicChange {
  rateBps?: number
  link?: Link
}

/** Far above what people change by hand; where a program changes settings for days, the last ones are kept. */
const maxChanges = 100_000

/** The settings that can be changed while a scenario runs, as they are now, and what was changed. */
export class Settings {
  readonly vifs: readonly VifSettings[]
  readonly nics: readonly NicSettings[]
  readonly changes: Change[] = []
  /** Of all changes, also those that were left out of the list. */
  #count = 0

  constructor({ vifs, nics }: Scenario) {
    this.vifs = vifs.map(({ name, uplink, rate, minBps, weight }) => ({
      name,
      uplink,
      cap: rate,
      min: new Gauge(minBps ?? 0),
      weight,
    }))
    this.nics = nics.map(({ name, rateBps }) => ({ name, rateBps, link: 'up' }))
  }

  /** Returns whether anything is other than before. */
  changeVif(vif: VifSettings, change: VifChange, nowNs: number): boolean {
    const { cap = vif.cap, minBps = vif.min.value, weight = vif.weight } = change
    const log = (key: Change['key'], from: number | null, to: number | null): void =>
      this.#log({ seconds: nowNs / 1e9, vif: vif.name, key, from, to })
    const count = this.#count
    if (!isSameCap(cap, vif.cap)) log('rate', capBps(vif.cap), capBps(cap))
    if (minBps !== vif.min.value) log('min', vif.min.value || null, minBps || null)
    if (weight !== vif.weight) log('weight', vif.weight, weight)
    vif.cap = cap
    vif.min.set(minBps, nowNs)
    vif.weight = weight
    return this.#count > count
  }

  changeNic(nic: NicSettings, { rateBps = nic.rateBps, link = nic.link }: NicChange, nowNs: number): void {
    const change = { seconds: nowNs / 1e9, nic: nic.name }
    if (rateBps !== nic.rateBps) this.#log({ ...change, key: 'rate', from: nic.rateBps, to: rateBps })
    if (link !== nic.link) this.#log({ ...change, key: 'link', from: nic.link, to: link })
    nic.rateBps = rateBps
    nic.link = link
  }

  #log(change: Change): void {
    this.#count += 1
    if (this.changes.length === maxChanges) this.changes.shift()
    this.changes.push(change)
  }
}

function isSameCap(a: CreditRate | null, b: CreditRate | null): boolean {
  return a?.creditBytes === b?.creditBytes && a?.creditUsec === b?.creditUsec
}

/** What the shaper enforces; null: no cap. */
export function capBps(cap: CreditRate | null): number | null {
  return cap && enforcedBps(cap)
}

/** The cap in whole bits a second, as the controller takes it; null: none. */
export function wholeCapBps({ cap }: VifSettings): number | null {
  return cap && Math.min(mostBps, Math.max(1, Math.floor(enforcedBps(cap))))
}

/** The min as the controller takes it: what xl's rounding leaves of the cap may be a little less than was written. */
export function wholeMinBps(vif: VifSettings): number {
  return Math.min(vif.min.value, wholeCapBps(vif) ?? Infinity)
}

/** What a NIC can send now. */
export function liveBps({ rateBps, link }: NicSettings): number {
  return link === 'up' ? rateBps : 0
}
