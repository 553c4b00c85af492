import test from 'ava'
import { checkBonds } from 'ringback'
import type { BondInput } from 'ringback'

import { built } from './built.ts'

// What a bond of 1, 1, 2.5 and 10 Gb/s carries while all is up.

const { bondCapacityBps } = await built<typeof import('../../lib/bonding/capacity.js')>('bonding/capacity')
const rates: Record<string, number> = { eth0: 1e9, eth1: 1e9, eth2: 2.5e9, eth3: 10e9 }
const nics = Object.keys(rates)
const carries = (words: Partial<BondInput>): number =>
  bondCapacityBps(checkBonds({ bond0: { nics, ...words } })[0]!, (nic) => rates[nic] ?? 0)

const cases: [title: string, words: Partial<BondInput>, bps: number][] = [
  ['round robin gives each NIC the same', { mode: 'balance-rr' }, 4e9],
  ['one NIC at a time, which it is nobody says', { mode: 'active-backup' }, 1e9],
  ['the primary', { mode: 'active-backup', primary: 'eth2' }, 2.5e9],
  ['copies wait for the slowest', { mode: 'broadcast' }, 1e9],
  ['flows over all of them', { mode: 'balance-xor' }, 14.5e9],
  ['tlb has a primary and uses all', { mode: 'balance-tlb', primary: 'eth0' }, 14.5e9],
  ['edpf fills each', { mode: 'balance-edpf' }, 14.5e9],
  ['802.3ad: the first NIC and those like it', { mode: '802.3ad' }, 2e9],
  ['802.3ad: by bandwidth, the fastest alone', { mode: '802.3ad', adSelect: 'bandwidth' }, 10e9],
  ['802.3ad: by count, the two of one speed', { mode: '802.3ad', adSelect: 'count' }, 2e9],
  [
    '802.3ad: by count, two of one speed on two switches are none',
    { mode: '802.3ad', adSelect: 'count', partner: { switches: [0, 1, 0, 0] } },
    10e9,
  ],
  ['802.3ad: nobody answers', { mode: '802.3ad', adSelect: 'count', partner: { lacp: 'off' } }, 10e9],
  [
    '802.3ad: nobody begins',
    { mode: '802.3ad', adSelect: 'count', lacpActive: false, partner: { lacp: 'passive' } },
    10e9,
  ],
  ['802.3ad: enough of them', { mode: '802.3ad', minLinks: 2 }, 2e9],
  ['802.3ad: too few of them', { mode: '802.3ad', minLinks: 3 }, 0],
]
for (const [title, words, bps] of cases)
  test(title, (t) => {
    t.is(carries(words), bps)
  })

test('802.3ad adds up what is alike', (t) => {
  const [bond] = checkBonds({ bond0: { mode: '802.3ad', nics: ['eth0', 'eth1'] } })
  t.is(
    bondCapacityBps(bond!, () => 1e9),
    2e9,
  )
})
