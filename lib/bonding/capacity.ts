import type { BondConfig } from './config.ts'
import type { LacpRate, PartnerActivity } from './options.ts'

/** What of a bond decides how much it can carry. */
export type CarryingBond = Pick<BondConfig, 'mode' | 'nics' | 'primary' | 'adSelect' | 'lacpActive' | 'minLinks'> & {
  partner: { lacp: PartnerActivity; lacpRate: LacpRate; switches: readonly number[] }
}

/**
 * What a bond can carry while all of its NICs are up, in bits a second.
 *
 * balance-rr gives each NIC the same, so the slowest decides. active-backup uses one: the primary or, where there is none, whichever
 * it is, the slowest. broadcast waits for the slowest. 802.3ad uses NICs of one speed on one switch, and
 * none where there are fewer of them than minLinks. All others: the sum.
 *
 * @param rateOf - a NIC's speed
 */
export function bondCapacityBps(bond: CarryingBond, rateOf: (nic: string) => number): number {
  const { mode, nics, primary } = bond
  const rates = nics.map(rateOf)
  const slowest = Math.min(...rates)
  if (mode === 'balance-rr') return slowest * rates.length
  if (mode === 'active-backup') return primary === null ? slowest : rateOf(primary)
  if (mode === 'broadcast') return slowest
  return mode === '802.3ad' ? aggregateBps(bond, rates) : sum(rates)
}

const sum = (rates: readonly number[]): number => rates.reduce((all, rate) => all + rate, 0)

/**
 * The aggregator that is used: by adSelect the first NIC's, which stays while it can; that of most bandwidth; that of most
 * NICs. Source: ad_agg_selection_test, ad_agg_selection_logic.
 */
function aggregateBps({ adSelect, lacpActive, minLinks, partner }: CarryingBond, rates: readonly number[]): number {
  const isAlone = partner.lacp === 'off' || (partner.lacp === 'passive' && !lacpActive)
  const groups = new Map<string, number[]>()
  rates.forEach((rate, i) => {
    const key = isAlone ? String(i) : `${partner.switches[i] ?? 0} ${rate}`
    groups.set(key, [...(groups.get(key) ?? []), rate])
  })
  const isBetter = (a: number[], b: number[]): boolean => {
    if (adSelect === 'stable') return b.length === 0
    return adSelect === 'count' && a.length !== b.length ? a.length > b.length : sum(a) > sum(b)
  }
  const used = [...groups.values()].reduce((best, group) => (isBetter(group, best) ? group : best), [])
  return used.length < minLinks ? 0 : sum(used)
}
