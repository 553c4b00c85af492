import test from 'ava'
import fc from 'fast-check'
import { bondModes, bondWords, checkBonds, RingbackError } from 'ringback'
import type { BondInput } from 'ringback'

import { anyBonds } from './any-bonds.ts'

// A bond's configuration: what is read, what Linux would make of it, and what is refused with which words.

const nics = ['eth0', 'eth1']
const bond = (words: Partial<BondInput>) => checkBonds({ bond0: { nics, ...words } })[0]!

test('what is not written is as Linux has it', (t) => {
  t.deepEqual(bond({}), {
    name: 'bond0',
    mode: 'balance-rr',
    nics,
    miimonNs: 0,
    updelayNs: 0,
    downdelayNs: 0,
    xmitHashPolicy: 'layer2',
    primary: null,
    primaryReselect: 'always',
    packetsPerNic: 1,
    minLinks: 0,
    lacpRate: 'slow',
    lacpActive: true,
    adSelect: 'stable',
    tlbDynamicLb: true,
    numGratArp: 1,
    lpIntervalNs: 1e9,
    allNicsActive: false,
    partner: { lacp: 'active', lacpRate: 'slow', switches: [0, 0] },
    notes: ['without miimon nobody notices that a NIC has lost its link, as in Linux'],
  })
})

const inMode: [mode: BondInput['mode'], words: Partial<BondInput>][] = [
  ['balance-rr', { packetsPerNic: 0, updelay: '200ms' }],
  [
    'active-backup',
    { primary: 'eth1', primaryReselect: 'failure', numGratArp: 0, downdelay: '300ms', allNicsActive: true },
  ],
  ['balance-xor', { xmitHashPolicy: 'vlan+srcmac' }],
  [
    '802.3ad',
    {
      xmitHashPolicy: 'layer3+4',
      minLinks: 2,
      lacpRate: 'fast',
      lacpActive: false,
      adSelect: 'bandwidth',
      partner: { lacpRate: 'fast', switches: [0, 1] },
    },
  ],
  ['balance-tlb', { xmitHashPolicy: 'layer2+3', tlbDynamicLb: false, lpInterval: '5s', primary: 'eth0' }],
  ['balance-alb', { lpInterval: '2s' }],
]
for (const [mode, words] of inMode)
  test(`${mode} takes all of its options, and none is lost`, (t) => {
    const input = { mode, miimon: '100ms', ...words }
    t.deepEqual(bondWords(bond(input)), { ...input, nics })
    t.deepEqual(bond(input).notes, [])
  })

const noted: [title: string, words: Partial<BondInput>, note: string, as: object][] = [
  [
    'a delay between two looks is rounded down',
    { miimon: '100ms', updelay: '250ms' },
    'updelay: 250ms is no multiple of miimon, 100ms; 200ms is used, as in Linux',
    { updelayNs: 200e6 },
  ],
  [
    'a delay below the first look is none',
    { miimon: '100ms', downdelay: '99ms' },
    'downdelay: 99ms is no multiple of miimon, 100ms; 0ns is used, as in Linux',
    { downdelayNs: 0 },
  ],
  ...(['802.3ad', 'balance-tlb', 'balance-alb'] as const).map((mode): (typeof noted)[number] => [
    `${mode} watches links whatever is written`,
    { mode, miimon: 0 },
    `miimon: ${mode} cannot do without; 100ms is used, as in Linux`,
    { miimonNs: 100e6 },
  ]),
  [
    'a monitor that Linux brings rounds delays too',
    { mode: 'balance-alb', updelay: '150ms' },
    'updelay: 150ms is no multiple of miimon, 100ms; 100ms is used, as in Linux',
    { updelayNs: 100e6 },
  ],
  [
    'a policy where no hash is taken',
    { mode: 'balance-rr', miimon: '100ms', xmitHashPolicy: 'layer3+4' },
    'xmitHashPolicy changes nothing: balance-rr does not look at it',
    { xmitHashPolicy: 'layer3+4' },
  ],
  [
    'allNicsActive where all are',
    { mode: 'balance-xor', miimon: '100ms', allNicsActive: true },
    'allNicsActive changes nothing: every NIC is in use in balance-xor',
    { allNicsActive: true },
  ],
  [
    'two who wait for one another',
    { mode: '802.3ad', miimon: '100ms', lacpActive: false, partner: { lacp: 'passive' } },
    'lacpActive: false, and the partner is passive too: neither begins, and each NIC stays alone',
    { lacpActive: false },
  ],
]
for (const [title, words, note, as] of noted)
  test(`${title}: told`, (t) => {
    const made = bond(words)
    t.true(made.notes.includes(note), made.notes.join('\n'))
    t.like(made, as)
  })

const modes = bondModes.join(', ')
const lacpOnly = (mode: string, does: string) =>
  `is for 802.3ad, and the mode is ${mode}: Linux ${does} it there; leave it out`
const refused: [words: object, message: string][] = [
  [{ mode: 'balance-rrr' }, `bond0.mode: "balance-rrr" is not valid here; write ${modes}`],
  [{ mode: 4 }, "bond0.mode: 4 is not valid here; write Linux's name of it, mode: 802.3ad"],
  [{ mode: 9 }, `bond0.mode: 9 is not valid here; write ${modes}`],
  [{ nics: [] }, 'bond0.nics: has 0 NICs; name 1 to 32'],
  [{ nics: Array.from({ length: 33 }, (_, i) => `eth${i}`) }, 'bond0.nics: has 33 NICs; name 1 to 32'],
  [{ nics: ['eth0', 'eth0'] }, 'bond0.nics[1]: eth0 is there twice; keep one of the two'],
  [{ slaves: ['eth0'] }, 'bond0.slaves: unknown key; did you mean "nics"?'],
  [{ packets_per_slave: 1 }, 'bond0.packets_per_slave: unknown key; did you mean "packetsPerNic"?'],
  [{ 'lacp-rate': 'fast' }, 'bond0.lacp-rate: unknown key; did you mean "lacpRate"?'],
  [{ mode: '802.3ad', partner: { lcap: 'off' } }, 'bond0.partner.lcap: unknown key; did you mean "lacp"?'],
  [{ miimon: '10us' }, 'bond0.miimon: is too often; write 100us or more, or 0ms for no monitor'],
  [{ updelay: '1s' }, 'bond0.updelay: is there without miimon, and Linux refuses that; write miimon: 100ms'],
  [
    { miimon: 0, downdelay: '1s' },
    'bond0.downdelay: is there without miimon, and Linux refuses that; write miimon: 100ms',
  ],
  [
    { primary: 'eth0' },
    'bond0.primary: is for active-backup, balance-tlb, balance-alb, and the mode is balance-rr: Linux refuses it there; leave it out',
  ],
  [{ mode: 'active-backup', primary: 'eth2' }, 'bond0.primary: eth2 is none of its NICs; name one of eth0, eth1'],
  [
    { mode: 'active-backup', primaryReselect: 'better' },
    'bond0.primaryReselect: is there without primary, and then says nothing; name a primary',
  ],
  [{ lacpRate: 'fast' }, `bond0.lacpRate: ${lacpOnly('balance-rr', 'refuses')}`],
  [{ mode: 'broadcast', lacpActive: true }, `bond0.lacpActive: ${lacpOnly('broadcast', 'refuses')}`],
  [{ mode: 'active-backup', adSelect: 'count' }, `bond0.adSelect: ${lacpOnly('active-backup', 'ignores')}`],
  [{ mode: 'balance-xor', minLinks: 1 }, `bond0.minLinks: ${lacpOnly('balance-xor', 'ignores')}`],
  [{ mode: '802.3ad', minLinks: 3 }, 'bond0.minLinks: 3 of 2 NICs are never up; write 2 or less'],
  [
    { mode: 'balance-xor', packetsPerNic: 8 },
    'bond0.packetsPerNic: is for balance-rr, and the mode is balance-xor: Linux refuses it there; leave it out',
  ],
  [
    { mode: 'balance-alb', tlbDynamicLb: false },
    'bond0.tlbDynamicLb: is for balance-tlb, and the mode is balance-alb: Linux refuses it there; leave it out',
  ],
  [
    { mode: 'balance-tlb', numGratArp: 2 },
    'bond0.numGratArp: is for active-backup, and the mode is balance-tlb: Linux ignores it there; leave it out',
  ],
  [
    { mode: 'active-backup', lpInterval: '2s' },
    'bond0.lpInterval: is for balance-tlb, balance-alb, and the mode is active-backup: Linux ignores it there; leave it out',
  ],
  [{ mode: 'balance-alb', lpInterval: '150ms' }, 'bond0.lpInterval: is in steps of 100ms; write 1s or 1.5s'],
  [{ partner: { lacp: 'off' } }, 'bond0.partner: speaks LACP, which is for mode: 802.3ad; leave it out'],
  [
    { mode: '802.3ad', partner: { switches: [0] } },
    'bond0.partner.switches: names 1 switches for 2 NICs; write one for each NIC',
  ],
]
for (const [words, message] of refused)
  test(`refused: ${message}`, (t) => {
    const error = t.throws(() => bond(words as Partial<BondInput>), { instanceOf: RingbackError })
    t.is(error?.code, 'ERR_BOND')
    t.is(error?.message, message)
  })

test('a NIC is in one bond', (t) => {
  t.throws(() => checkBonds({ bond0: { nics }, bond1: { nics: ['eth2', 'eth1'] } }), {
    message: 'bond1.nics[1]: eth1 is in bond bond0 already; leave it out here',
  })
})

test('any bonds are the same when they are written out and read again', (t) => {
  fc.assert(
    fc.property(anyBonds({ partner: true }), (bonds) => {
      const words = Object.fromEntries(bonds.map((made) => [made.name, bondWords(made)]))
      const again = checkBonds(words)
      t.deepEqual(
        again.map((made) => ({ ...made, notes: [] })),
        bonds.map((made) => ({ ...made, notes: [] })),
      )
    }),
  )
})
