import fc from 'fast-check'
import { bondModes, checkBonds, xmitHashPolicies } from 'ringback'
import type { BondConfig, BondInput, BondMode } from 'ringback'

/** What bonds may be. */
export interface AnyBonds {
  modes?: readonly BondMode[]
  /** Only what netplan has words for. */
  netplan?: boolean
  /** With what is at the other end of the wires, which no host says. */
  partner?: boolean
}

/** 1 to 4 bonds of 1 to 4 NICs each, in whole milliseconds and seconds. */
export function anyBonds({
  modes = bondModes,
  netplan = false,
  partner = false,
}: AnyBonds): fc.Arbitrary<BondConfig[]> {
  const one = fc
    .constantFrom(...modes)
    .chain((mode) => fc.integer({ min: 1, max: 4 }).chain((n) => anyBond(mode, n, { netplan, partner })))
  return fc.array(one, { minLength: 1, maxLength: 4 }).map((bonds) =>
    checkBonds(
      Object.fromEntries(
        bonds.map((bond, i) => {
          const rename = (nic: string): string => `${nic}.${i}`
          const { primary } = bond
          return [
            `bond${i}`,
            { ...bond, nics: bond.nics.map(rename), ...(primary !== undefined && { primary: rename(primary) }) },
          ]
        }),
      ),
    ),
  )
}

const anyPartner = (count: number) =>
  fc.record({
    lacp: fc.constantFrom('active', 'passive', 'off'),
    switches: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: count, maxLength: count }),
  })

const ms = (least: number) => fc.integer({ min: least, max: 5000 }).map((count) => `${count}ms`)
const least = (netplan: boolean): number => (netplan ? 1 : 0)

function anyBond(
  mode: BondMode,
  count: number,
  { netplan, partner: hasPartner }: Required<Omit<AnyBonds, 'modes'>>,
): fc.Arbitrary<BondInput> {
  const nics = Array.from({ length: count }, (_, i) => `eth${i}`)
  const primary = fc.constantFrom(...nics)
  const hash = { xmitHashPolicy: fc.constantFrom(...xmitHashPolicies) }
  const lacpRate = fc.constantFrom('slow' as const, 'fast' as const)
  const lpInterval = fc.integer({ min: 1, max: 1000 }).map((seconds) => `${seconds}s`)
  const others: Partial<Record<BondMode, Record<string, fc.Arbitrary<unknown>>>> = {
    'balance-rr': { packetsPerNic: fc.integer({ min: least(netplan), max: 65535 }) },
    'active-backup': { primary, numGratArp: fc.integer({ min: least(netplan), max: 255 }) },
    'balance-xor': hash,
    '802.3ad': {
      ...hash,
      lacpRate,
      minLinks: fc.integer({ min: 0, max: count }),
      adSelect: fc.constantFrom('stable', 'bandwidth', 'count'),
      ...(!netplan && { lacpActive: fc.boolean() }),
      ...(hasPartner && { partner: anyPartner(count) }),
    },
    'balance-tlb': { ...hash, primary, lpInterval, ...(!netplan && { tlbDynamicLb: fc.boolean() }) },
    'balance-alb': { primary, lpInterval },
  }
  const watched = { miimon: ms(1), updelay: ms(0), downdelay: ms(0), allNicsActive: fc.boolean() }
  return fc
    .record({ ...watched, ...others[mode] }, { requiredKeys: ['miimon'] })
    .map((words) => ({ ...(words as Partial<BondInput>), mode, nics }))
}
