import test from 'ava'
import { checkBonds, parseScenario, RingbackError } from 'ringback'

// Bonds in a scenario: what is read, and what is refused with which words.

const file = 'some/bond.yaml'
const good = `name: bond
duration: 60s
nics:
  eth0: { rate: 1Gb/s }
  eth1: { rate: 100Mb/s }
  eth2: { rate: 1Gb/s }
  eth3: { rate: 1Gb/s }
bonds:
  bond0: { mode: active-backup, nics: [eth0, eth1], miimon: 100ms, updelay: 250ms, primary: eth0 }
  bond1: { mode: balance-edpf, nics: [eth2] }
bridges:
  br0: { nics: [eth3, bond1] }
  br1: { nics: [] }
vifs:
  web: { uplink: bond0, min: 300Mb/s }
  bulk: { uplink: bond0 }
  bridged: { uplink: br0 }
traffic:
  - { vif: web, kind: constant, rate: 1Mb/s, size: 1500 }
  - { vif: web, direction: in, kind: constant, rate: 1Mb/s, size: 1500 }
`

test('bonds become what checkBonds makes of them', (t) => {
  const { bonds, bridges, vifs } = parseScenario(good, { file })
  t.deepEqual(
    bonds,
    checkBonds({
      bond0: { mode: 'active-backup', nics: ['eth0', 'eth1'], miimon: '100ms', updelay: '250ms', primary: 'eth0' },
      bond1: { mode: 'balance-edpf', nics: ['eth2'] },
    }),
  )
  t.deepEqual(bridges[0]?.nics, ['eth3', 'bond1'])
  t.is(vifs[0]?.uplink, 'bond0')
})

const refused: [from: string, to: string, message: string][] = [
  [
    '[eth0, eth1]',
    '[eth0, eth9]',
    '9: bonds.bond0.nics[1]: there is no NIC "eth9"; the NICs are eth0, eth1, eth2, eth3',
  ],
  ['[eth2] }', '[eth0] }', '10: bonds.bond1.nics[0]: eth0 is in bond bond0 already; leave it out here'],
  ['primary: eth0', 'primary: eth2', '9: bonds.bond0.primary: eth2 is none of its NICs; name one of eth0, eth1'],
  ['primary: eth0', 'primry: eth0', '9: bonds.bond0.primry: unknown key; did you mean "primary"?'],
  ['primary: eth0', 'lacp_rate: fast', '9: bonds.bond0.lacp_rate: unknown key; did you mean "lacpRate"?'],
  [
    'bond1: { mode',
    'eth3: { mode',
    '10: bonds.eth3: there is a NIC of this name; call the bond something else, as in bond0',
  ],
  ['br1: {', 'bond1: {', '13: bridges.bond1: there is a bond of this name; call the bridge something else, as in br0'],
  ['[eth3, bond1]', '[eth2]', '12: bridges.br0.nics[0]: eth2 is in bond bond1; write the bond, bond1'],
  [
    'nics: [] }',
    'nics: [bond1] }',
    '13: bridges.br1.nics[0]: bond1 is a port of bridge br0 already; leave it out here',
  ],
  [
    '[eth3, bond1]',
    '[bond7]',
    '12: bridges.br0.nics[0]: there is no NIC or bond "bond7"; the NICs are eth0, eth1, eth2, eth3; the bonds are bond0, bond1',
  ],
  ['bulk: { uplink: bond0', 'bulk: { uplink: eth1', '16: vifs.bulk.uplink: eth1 is in bond bond0; write uplink: bond0'],
  ['bulk: { uplink: bond0', 'bulk: { uplink: eth2', '16: vifs.bulk.uplink: eth2 is in bond bond1; write uplink: br0'],
  [
    'bulk: { uplink: bond0',
    'bulk: { uplink: bond1',
    '16: vifs.bulk.uplink: bond1 is a port of bridge br0; write the bridge, uplink: br0',
  ],
  [
    'bulk: { uplink: bond0',
    'bulk: { uplink: bund0',
    '16: vifs.bulk.uplink: there is no NIC or bond or bridge "bund0"; the NICs are eth0, eth1, eth2, eth3; the bonds are bond0, bond1; the bridges are br0, br1',
  ],
  [
    'min: 300Mb/s',
    'min: 1100Mb/s',
    '15: vifs.web.min: the min of "web" (1.1Gb/s) is 100Mb/s more than the 1Gb/s of "bond0"; lower it, or take a faster uplink',
  ],
  [
    ', primary: eth0',
    '',
    '15: vifs.web.min: the min of "web" (300Mb/s) is 200Mb/s more than the 100Mb/s of "bond0"; lower it, or take a faster uplink',
  ],
  [
    'bridged: { uplink: br0',
    'bridged: { uplink: br0, min: 1Mb/s',
    '17: vifs.bridged.min: cannot be kept: bridge br0 has 2 NICs, so that its vifs share no one capacity; give it one NIC, or leave out min',
  ],
  [
    'traffic:',
    'output: { pcap: { nics: [bond0] } }\ntraffic:',
    '18: output.pcap.nics[0]: bond0 is a bond; name its NICs instead, eth0, eth1',
  ],
  [
    'traffic:',
    'events: [{ at: 1s, nic: eth0, rate: 200Mb/s }, { at: 2s, vif: bulk, min: 1Mb/s }]\ntraffic:',
    '18: events[1].min: at that time the mins of "web" (300Mb/s) and "bulk" (1Mb/s) add up to 301Mb/s, 101Mb/s more than the 200Mb/s of "bond0"; lower them by 101Mb/s in all, or take a faster uplink',
  ],
]
for (const [from, to, message] of refused)
  test(`refused: ${message}`, (t) => {
    t.true(good.includes(from), from)
    const error = t.throws(() => parseScenario(good.replace(from, to), { file }), { instanceOf: RingbackError })
    t.is(error?.code, 'ERR_SCENARIO')
    t.is(error?.message, `${file}:${message}`)
  })
