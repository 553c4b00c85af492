import test from 'ava'
import fc from 'fast-check'
import { bondModes, checkBonds, fromIpLink, fromNetplan, RingbackError, toIpLink, toNetplan } from 'ringback'
import type { BondConfig, BondInput } from 'ringback'

import { anyBonds } from './any-bonds.ts'

// Bonds to a host and back: netplan's YAML, `ip link` commands, and what `ip -d -j link show` prints.

const nics = ['eth0', 'eth1']
const bonds = (words: Partial<BondInput>) => checkBonds({ bond0: { nics, ...words } })
const linuxModes = bondModes.slice(0, 7)
const withoutNotes = (all: BondConfig[]) => all.map((bond) => ({ ...bond, notes: [] }))
const file = 'host'

test('any bond of a host goes through netplan and back', (t) => {
  fc.assert(
    fc.property(anyBonds({ modes: linuxModes, netplan: true }), (all) => {
      const read = fromNetplan(toNetplan(all), { file })
      t.deepEqual(withoutNotes(read.bonds), withoutNotes(all))
    }),
  )
})

test('any bond of a host goes through ip link and back', (t) => {
  fc.assert(
    fc.property(anyBonds({ modes: linuxModes }), (all) => {
      const read = fromIpLink(toIpLink(all), { file })
      t.deepEqual(withoutNotes(read.bonds), withoutNotes(all))
    }),
  )
})

const backup = bonds({ mode: 'active-backup', miimon: '100ms', updelay: '250ms', primary: 'eth1', numGratArp: 3 })

test('netplan as people write it', (t) => {
  t.is(
    toNetplan(backup),
    `# bond0: updelay: 250ms is no multiple of miimon, 100ms; 200ms is used, as in Linux
network:
  version: 2
  ethernets:
    eth0: {}
    eth1: {}
  bonds:
    bond0:
      interfaces:
        - eth0
        - eth1
      parameters:
        mode: active-backup
        mii-monitor-interval: 100
        up-delay: 200
        primary: eth1
        gratuitous-arp: 3
`,
  )
})

test('ip link: a NIC is down before it goes into the bond', (t) => {
  t.is(
    toIpLink(backup),
    `# bond0: updelay: 250ms is no multiple of miimon, 100ms; 200ms is used, as in Linux
ip link add bond0 type bond mode active-backup miimon 100 updelay 200 primary eth1 num_grat_arp 3
ip link set eth0 down
ip link set eth0 master bond0
ip link set eth1 down
ip link set eth1 master bond0
ip link set bond0 up
`,
  )
})

test('the other end is said to be somebody else’s', (t) => {
  t.regex(
    toNetplan(bonds({ mode: '802.3ad', miimon: '100ms', partner: { lacp: 'passive' } })),
    /^# bond0: the switch's side is to be configured there: LACP passive, slow\n/,
  )
})

const notForHosts: [title: string, words: Partial<BondInput>, write: (all: BondConfig[]) => string, message: string][] =
  [
    [
      'edpf',
      { mode: 'balance-edpf' },
      toNetplan,
      'bond0: no host has balance-edpf; the nearest is balance-rr, which spreads frames over the NICs too, and reorders them',
    ],
    [
      'flowlet',
      { mode: 'balance-flowlet' },
      toIpLink,
      'bond0: no host has balance-flowlet; the nearest is balance-xor with xmitHashPolicy: layer3+4, which keeps flows in order, and each on one NIC',
    ],
    [
      'half a millisecond',
      { miimon: '500us' },
      toIpLink,
      'bond0: miimon: 500us is no whole number of milliseconds, in which Linux counts',
    ],
    [
      'half a second',
      { mode: 'balance-alb', lpInterval: '500ms' },
      toNetplan,
      'bond0: lpInterval: 500ms is no whole number of seconds, in which Linux counts',
    ],
    [
      'a long name',
      { nics: ['a-very-long-name'] },
      toIpLink,
      'bond0: a-very-long-name is too long for Linux; use at most 15 characters',
    ],
    [
      'tlbDynamicLb in netplan',
      { mode: 'balance-tlb', tlbDynamicLb: false },
      toNetplan,
      'bond0: tlbDynamicLb: netplan has no word for it; use the ip form',
    ],
    [
      'random NICs in netplan',
      { packetsPerNic: 0 },
      toNetplan,
      'bond0: packetsPerNic: netplan leaves out a 0; use the ip form',
    ],
  ]
for (const [title, words, write, message] of notForHosts)
  test(`no host: ${title}`, (t) => {
    t.throws(() => write(bonds(words)), { instanceOf: RingbackError, code: 'ERR_BOND', message })
  })

const netplan = (parameters: string) => `network:
  bonds:
    bond0:
      interfaces: [eth0, eth1]
      addresses: [10.0.0.2/24]
      parameters:
${parameters.replace(/^/gm, '        ')}
`

test("netplan's other spellings, numbers and units", (t) => {
  const read = fromNetplan(
    netplan('mode: 1\nmii-monitor-interval: "0.1s"\ndown-delay: 200\ngratuitious-arp: 2\nall-members-active: yes'),
    { file },
  )
  t.deepEqual(
    withoutNotes(read.bonds),
    withoutNotes(
      bonds({ mode: 'active-backup', miimon: '100ms', downdelay: '200ms', numGratArp: 2, allNicsActive: true }),
    ),
  )
  t.deepEqual(read.notes, [])
})

test('what is not simulated is left out and told, unless nothing is lost', (t) => {
  const read = fromNetplan(
    netplan(
      'mii-monitor-interval: 100\nresend-igmp: 1\nfail-over-mac-policy: active\narp-interval: 0\narp-validate: none',
    ),
    { file },
  )
  t.deepEqual(read.notes, ['bond0: fail-over-mac-policy active is not simulated; it was left out'])
})

const badNetplan: [text: string, message: string][] = [
  ['network: {}\n', 'host:1: network: there is no network.bonds in it'],
  ['bonds: {}\n', 'host:1: there is no network in it'],
  ['network:\n  bonds:\n    bond0: 7\n', 'host:3: network.bonds.bond0: no map; write keys and values'],
  [
    'network:\n  bonds:\n    bond0:\n      interfaces: eth0\n',
    'host:4: network.bonds.bond0.interfaces: no list; write names, as in [eth0, eth1]',
  ],
  [
    netplan('lacp-rat: fast'),
    'host:7: network.bonds.bond0.parameters.lacp-rat: no option of a bond; did you mean "lacp-rate"?',
  ],
  [
    netplan('mode: balance-rr\nlacp-rate: fast'),
    'host:8: network.bonds.bond0.parameters.lacp-rate: is for 802.3ad, and the mode is balance-rr: Linux refuses it there; leave it out',
  ],
  [netplan('min-links: few'), 'host:7: network.bonds.bond0.parameters.min-links: "few" is no whole number'],
  [
    netplan('all-slaves-active: maybe'),
    'host:7: network.bonds.bond0.parameters.all-slaves-active: "maybe" is neither on nor off; write one of the two',
  ],
  [
    netplan('mode: 4\narp-interval: 100'),
    'host:8: network.bonds.bond0.parameters.arp-interval: Linux refuses it in 802.3ad; watch the links instead, every 100 ms',
  ],
  [
    netplan('mii-monitor-interval: 100\narp-interval: 100'),
    'host:8: network.bonds.bond0.parameters.arp-interval: Linux watches links or sends ARP, never both; remove it',
  ],
  [
    netplan('arp-interval: 100'),
    'host:7: network.bonds.bond0.parameters.arp-interval: monitoring by ARP is not simulated; watch the links instead, every 100 ms',
  ],
]
for (const [text, message] of badNetplan)
  test(`netplan: ${message}`, (t) => {
    t.throws(() => fromNetplan(text, { file }), { instanceOf: RingbackError, code: 'ERR_BOND', message })
  })

test('a script of ip link commands among others', (t) => {
  const script = `#!/bin/sh
modprobe bonding
sudo ip link add name bond0 type bond mode 802.3ad lacp_rate 1 # fast
ip -4 link set dev bond0 type bond xmit_hash_policy 1 miimon 50
for nic in a b; do echo $nic; done
ip link set dev eth0 down
/sbin/ip link set dev eth0 master bond0
ip link set eth1 master bond0
ip link set eth2 master br0
ip address add 10.0.0.2/24 dev bond0
`
  const read = fromIpLink(script, { file })
  t.deepEqual(
    withoutNotes(read.bonds),
    withoutNotes(bonds({ mode: '802.3ad', lacpRate: 'fast', xmitHashPolicy: 'layer3+4', miimon: '50ms' })),
  )
})

const shown = (info: object) =>
  JSON.stringify([
    { ifname: 'lo' },
    { ifname: 'bond0', linkinfo: { info_kind: 'bond', info_data: info } },
    { ifname: 'eth0', master: 'bond0' },
    { ifname: 'eth1', master: 'bond0' },
    { ifname: 'eth2', master: 'br0' },
  ])
/** What iproute2 6.1 shows of every bond, whatever its mode. */
const everything = {
  miimon: 0,
  updelay: 0,
  downdelay: 0,
  peer_notify_delay: 0,
  use_carrier: 1,
  arp_interval: 0,
  arp_missed_max: 2,
  arp_validate: null,
  arp_all_targets: 'any',
  primary_reselect: 'always',
  fail_over_mac: 'none',
  xmit_hash_policy: 'layer2',
  resend_igmp: 1,
  num_peer_notif: 1,
  all_slaves_active: 0,
  min_links: 0,
  lp_interval: 1,
  packets_per_slave: 1,
  lacp_active: 'on',
  lacp_rate: 'slow',
  ad_select: 'stable',
  tlb_dynamic_lb: 1,
}

for (const mode of linuxModes)
  test(`what ip -d -j link show prints of ${mode}`, (t) => {
    const read = fromIpLink(shown({ mode, ...everything }), { file })
    t.deepEqual(read.bonds, bonds({ mode }))
    t.deepEqual(read.notes, [])
  })

const badCommands: [text: string, message: string][] = [
  ['ip link show\n', 'host: there is no bond in it; give it ip link commands, or what ip -d -j link show prints'],
  ['ip link add bond0 type bond mode\n', 'host:1: mode has no value; write one behind it'],
  ['ip link add bond0 type bond mood 1\n', 'host:1: mood: no option of a bond; did you mean "mode"?'],
  ['ip link add b type bond\nip link add b type bond\n', 'host:2: bond "b" is there twice; keep one of the two'],
  ['ip link set b type bond miimon 1\n', 'host:1: there is no bond "b" before this line; add it first'],
  [
    'ip link add b type bond miimon 100 updelay x\n',
    'host:1: updelay: "x" is not a duration; write a number and ns, us, ms, s, m or h, as in 1.5s',
  ],
  ['[', 'host: no JSON; write what ip -d -j link show prints into it'],
  ['[]', 'host: there is no bond in it; give it ip link commands, or what ip -d -j link show prints'],
  [
    shown({ mode: 'balance-rr', arp_interval: 100 }),
    'host: bond0.arp_interval: monitoring by ARP is not simulated; watch the links instead, every 100 ms',
  ],
]
for (const [text, message] of badCommands)
  test(`${JSON.stringify(text)} is refused: ${message}`, (t) => {
    t.throws(() => fromIpLink(text, { file }), { instanceOf: RingbackError, code: 'ERR_BOND', message })
  })
