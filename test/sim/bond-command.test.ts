import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import test from 'ava'

import { ringback } from './ringback-command.ts'

// `ringback bond`: a scenario's bonds to a host, a host's to a scenario.

const folder = mkdtempSync(path.join(tmpdir(), 'ringback-bond-'))
test.after.always(() => rmSync(folder, { recursive: true }))

function put(name: string, text: string): string {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  return file
}

const scenario = (bonds: string): string => `name: bond
duration: 1s
nics: { eth0: { rate: 1Gb/s }, eth1: { rate: 1Gb/s } }
${bonds}
vifs: { web: { uplink: ${bonds === '' ? 'eth0' : 'bond0'} } }
traffic: [{ vif: web, kind: constant, rate: 1Mb/s, size: 1500 }]
`
const lacp = scenario('bonds: { bond0: { mode: 802.3ad, nics: [eth0, eth1], miimon: 100ms, updelay: 250ms } }')

const inScenario = `bonds:
  bond0:
    mode: 802.3ad
    miimon: 100ms
    updelay: 200ms
    nics:
      - eth0
      - eth1
`

for (const form of ['netplan', 'ip'])
  test(`a scenario's bonds go to ${form} and come back as a part of a scenario`, async (t) => {
    const there = await ringback(['bond', put(`${form}.yaml`, lacp), '--to', form])
    t.is(there.code, 0)
    t.regex(there.stdout, /^# bond0: updelay: 250ms is no multiple of miimon, 100ms; 200ms is used, as in Linux\n/)
    const back = await ringback(['bond', '--from', form, put(`${form}.host`, there.stdout)])
    t.deepEqual(back, { code: 0, stdout: inScenario, stderr: '' })
  })

test('from one form of hosts to the other, with what was left out', async (t) => {
  const commands = 'ip link add bond0 type bond mode 1 miimon 50 resend_igmp 5\nip link set eth0 master bond0\n'
  const { code, stdout } = await ringback(['bond', '--from', 'ip', '--to', 'netplan', put('commands', commands)])
  t.is(code, 0)
  t.regex(stdout, /^# bond0: resend_igmp 5 is not simulated; it was left out\nnetwork:\n/)
  t.regex(stdout, /mode: active-backup\n +mii-monitor-interval: 50\n$/)
})

const refused: [title: string, args: (file: string) => string[], text: string, message: RegExp][] = [
  ['no form', (file) => [file], lacp, /^error: say where the bonds go: --to netplan or --to ip;/],
  ['an unknown form', (file) => [file, '--to', 'nm'], lacp, /Write netplan or ip\./],
  [
    'no bonds',
    (file) => [file, '--to', 'ip'],
    scenario(''),
    /^error: \S+: there are no bonds in it; write some, as in/,
  ],
  [
    'a mode of ours',
    (file) => [file, '--to', 'ip'],
    lacp.replace('802.3ad', 'balance-edpf'),
    /^error: bond0: no host has balance-edpf; the nearest is balance-rr,/,
  ],
  [
    "a mistake in netplan's",
    (file) => ['--from', 'netplan', file],
    'network:\n  bonds:\n    bond0:\n      interfaces: [eth0]\n      parameters:\n        mode: 7\n',
    /^error: \S+:6: network\.bonds\.bond0\.parameters\.mode: "7" is not valid here; write balance-rr,/,
  ],
]
for (const [title, args, text, message] of refused)
  test(`${title} is a bad command line or file`, async (t) => {
    const { code, stdout, stderr } = await ringback(['bond', ...args(put(`${title.replace(/\W/g, '-')}.in`, text))])
    t.is(code, 2)
    t.is(stdout, '')
    t.regex(stderr, message)
    t.is(stderr.trim().split('\n').length, 1)
  })
