import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'

import test from 'ava'

// What the command line says about bad input. None of these runs needs the simulator.

const root = path.resolve('.')
const cli = path.join(root, 'dist/cli/main.js')

interface Outcome {
  code: number | null
  stdout: string
  stderr: string
}

function ringback(args: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...env } }
    const child = execFile(process.execPath, [cli, ...args], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
  })
}

const good = `name: web
duration: 1s
nics:
  eth0: { rate: 1Gb/s }
vifs:
  web: { uplink: eth0, rate: 10Mb/s }
traffic:
  - { vif: web, kind: replay, pcap: voip.pcap, guest: 'fe:b6:f2:0c:ea:6f' }
`
const voip = readFileSync('examples/captures/voip.pcap')

/** A folder with a scenario `web.yaml` and a capture beside it, gone after the test. */
function makeFolder(edit: (text: string) => string = (text) => text, capture: Buffer | null = voip): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ringback-cli-'))
  writeFileSync(path.join(folder, 'web.yaml'), edit(good))
  if (capture) writeFileSync(path.join(folder, 'voip.pcap'), capture)
  return folder
}

const replace = (from: string, to: string) => (text: string) => text.replace(from, to)
const pcapng = Buffer.from('0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000', 'hex')
const cookedCapture = Buffer.from(voip)
cookedCapture.writeUInt32LE(113, 20)

const badFiles: [
  what: string,
  stderr: RegExp,
  edit?: ((text: string) => string) | undefined,
  capture?: Buffer | null,
][] = [
  [
    'an unknown key',
    /^error: web\.yaml:6: vifs\.web\.rates: unknown key; did you mean "rate"\?$/,
    replace('rate: 10', 'rates: 10'),
  ],
  [
    'a bad rate',
    /^error: web\.yaml:6: vifs\.web\.rate: "10Mbit" is not a rate; write a number, /,
    replace('10Mb/s', '10Mbit'),
  ],
  ['a zero rate', /^error: web\.yaml:6: vifs\.web\.rate: "0Mb\/s" is zero; /, replace('10Mb/s', '0Mb/s')],
  [
    'a NIC that is not there',
    /^error: web\.yaml:6: vifs\.web\.uplink: there is no NIC "eth1"; the NICs are eth0$/,
    replace('uplink: eth0', 'uplink: eth1'),
  ],
  ['a negative duration', /^error: web\.yaml:2: duration: "-1s" is negative; /, replace('1s', '-1s')],
  ['broken YAML', /^error: web\.yaml:7: not valid YAML: .*; /, replace('10Mb/s }', '10Mb/s')],
  ['a duplicate key', /^error: web\.yaml:3: "duration" is there twice; /, replace('nics:', 'duration: 2s\nnics:')],
  ['an empty file', /^error: web\.yaml:1: the file is empty; /, () => ''],
  [
    'a missing pcap',
    /^error: web\.yaml:8: traffic\[0\]\.pcap: \S+voip\.pcap: no such file or folder; /,
    undefined,
    null,
  ],
  ['an empty pcap', /^error: web\.yaml:8: traffic\[0\]\.pcap: \S+: the file is empty; /, undefined, Buffer.alloc(0)],
  [
    'a truncated pcap',
    /^error: web\.yaml:8: traffic\[0\]\.pcap: \S+: record 1644 at byte \d+ is cut off at the end of the file; /,
    undefined,
    voip.subarray(0, -1),
  ],
  [
    'a pcap cut in a record header',
    /^error: web\.yaml:8: \S+: \S+: record 2 at byte 114 is cut off in its header; /,
    undefined,
    voip.subarray(0, 120),
  ],
  [
    'pcapng',
    /^error: web\.yaml:8: .*: pcapng, not classic pcap; convert it: editcap -F pcap in\.pcapng out\.pcap$/,
    undefined,
    pcapng,
  ],
  ['another link type', /^error: web\.yaml:8: .*: link type 113, not Ethernet \(1\); /, undefined, cookedCapture],
  [
    'captures and no folder for them',
    /^error: web\.yaml: output\.pcap: there is no folder for the captures; name one with --out$/,
    (text) => `${text}output: { pcap: { nics: [eth0] } }\n`,
  ],
  [
    'a guest that gets nothing',
    /^error: web\.yaml:8: .*: no frame to 02:00:00:00:00:01; the destination MACs there are [^;]*fe:b6:f2:0c:ea:6f \(18 frames\)/,
    (text) =>
      text.replace('fe:b6:f2:0c:ea:6f', '02:00:00:00:00:01').replace('kind: replay', 'kind: replay, direction: in'),
  ],
  [
    'a guest that is not there',
    /^error: web\.yaml:8: .*: no frame from 02:00:00:00:00:01; the source MACs there are fe:b6:f2:0c:ea:6f \(1626 frames\), /,
    replace('fe:b6:f2:0c:ea:6f', '02:00:00:00:00:01'),
  ],
]

for (const [what, stderr, edit, capture = voip] of badFiles)
  test(`a file with ${what}`, async (t) => {
    const folder = makeFolder(edit, capture)
    t.teardown(() => rmSync(folder, { recursive: true }))
    const outcome = await ringback(['run', 'web.yaml'], folder)
    t.regex(outcome.stderr.trimEnd(), stderr)
    t.regex(outcome.stderr, /^[^\n]+[;?][^\n]*\n$/, 'one line, with a fix')
    t.false(outcome.stderr.includes('    at '))
    t.deepEqual([outcome.code, outcome.stdout], [2, ''])
  })

test('with --json and --out the message is the same and nothing is printed or written', async (t) => {
  const folder = makeFolder(replace('10Mb/s', '0Mb/s'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const outcome = await ringback(['run', 'web.yaml', '--json', '--out', 'out'], folder)
  t.deepEqual([outcome.code, outcome.stdout], [2, ''])
  t.regex(outcome.stderr, /^error: web\.yaml:6: [^\n]+\n$/)
  t.false(existsSync(path.join(folder, 'out')))
})

const badLines: [args: string[], stderr: RegExp][] = [
  [['bogus'], /^error: unknown command 'bogus'; see ringback --help$/],
  [['runn', 'web.yaml'], /^error: unknown command 'runn' \(Did you mean run\?\)/],
  [['run'], /^error: missing required argument 'file'; /],
  [['run', 'web.yaml', 'again.yaml'], /^error: too many arguments for 'run'.*; see/],
  [['run', 'web.yaml', '--polcy', 'credit'], /^error: unknown option '--polcy' \(Did you mean --policy\?\)/],
  [
    ['run', 'web.yaml', '--policy', 'fair'],
    /^error: .*'fair' is invalid\. There is no such policy; use credit, adaptive, reserved\.$/,
  ],
  [
    ['run', 'web.yaml', '--seed', '-1'],
    /^error: .*'-1' is invalid\. Write a whole number from 0 to 9007199254740991\.$/,
  ],
  [['run', 'web.yaml', '--seed', '1.5'], /^error: .*'1\.5' is invalid\. Write a whole number/],
  [['run', 'web.yaml', '--seed', '9007199254740992'], /^error: .* Write a whole number/],
  [['run', 'web.yaml', '--duration', '-5s'], /^error: .*"-5s" is negative; a duration starts at zero: write/],
  [['run', 'web.yaml', '--duration', '5'], /^error: .*"5" is not a duration; write/],
  [['run', 'web.yaml', '--duration', '0s'], /^error: .* Write a duration above 0 and up to 720h/],
  [['run', 'none.yaml'], /^error: cannot read none\.yaml: no such file or folder; /],
  [['run', '.'], /^error: cannot read \.: it is a folder; /],
  [
    ['run', 'web.yaml', '--out', 'web.yaml'],
    /^error: cannot make the folder web\.yaml: there is a file of that name; /,
  ],
  [
    ['run', 'web.yaml', '--out', 'web.yaml/out'],
    /^error: cannot make the folder web\.yaml\/out: a part of the path is a file; /,
  ],
  [
    ['run', 'web.yaml', '--out', '/proc/out'],
    /^error: cannot make the folder \/proc\/out: .*; name another with --out$/,
  ],
  [
    ['bench', 'rngs'],
    /^error: there is no benchmark "rngs"; write rings, copy, shaper, bond, sim, control, or none for all$/,
  ],
  [
    ['bench', 'rings', '--at', '1,0'],
    /^error: .*'1,0' is invalid\. Write whole numbers above 0 with commas, as in 1,8,64\.$/,
  ],
  [['bench', 'rings', '--at', '257'], /^error: rings: at must be an integer from 1 to 256$/],
  [['bench', 'rings', '--rounds', '0'], /^error: .*'0' is invalid\. Write a whole number from 1 to 9999\.$/],
]

for (const [args, stderr] of badLines)
  test(`ringback ${args.join(' ')}`, async (t) => {
    const folder = makeFolder()
    t.teardown(() => rmSync(folder, { recursive: true }))
    const outcome = await ringback(args, folder)
    t.regex(outcome.stderr, /^[^\n]+\n$/, 'one line')
    t.regex(outcome.stderr.trimEnd(), stderr)
    t.false(outcome.stderr.includes('    at '))
    t.deepEqual([outcome.code, outcome.stdout], [2, ''])
  })

test('the stack is there for who asks', async (t) => {
  const folder = makeFolder(undefined, null)
  t.teardown(() => rmSync(folder, { recursive: true }))
  const outcomes = [
    await ringback(['run', 'web.yaml', '--debug'], folder),
    await ringback(['--debug', 'run', 'web.yaml'], folder),
    await ringback(['run', 'web.yaml'], folder, { RINGBACK_DEBUG: '1' }),
  ]
  for (const { code, stderr } of outcomes) {
    t.is(code, 2)
    t.regex(stderr, /web\.yaml:8: traffic\[0\]\.pcap: [^\n]+no such file[^]*\n {4}at [^]*ENOENT/)
  }
})

test('an unreadable scenario', async (t) => {
  const folder = makeFolder()
  t.teardown(() => rmSync(folder, { recursive: true }))
  mkdirSync(path.join(folder, 'locked'))
  writeFileSync(path.join(folder, 'locked/web.yaml'), good)
  chmodSync(path.join(folder, 'locked/web.yaml'), 0)
  if (process.getuid?.() === 0) {
    t.log('not tested: this runs as root, who may read everything')
    return t.pass()
  }
  const outcome = await ringback(['run', 'locked/web.yaml'], folder)
  t.deepEqual([outcome.code, outcome.stderr.split('\n').length], [2, 2])
  t.regex(outcome.stderr, /permission denied/)
})

test('help and version are no errors; nothing at all is', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  t.like(await ringback(['--version'], root), { code: 0, stdout: `${version}\n`, stderr: '' })
  t.regex((await ringback(['run', '--help'], root)).stdout, /--seed <n>/)
  t.like(await ringback([], root), { code: 2, stdout: '' })
})

test('ringback schema prints what editors use', async (t) => {
  const { code, stdout } = await ringback(['schema'], root)
  t.is(code, 0)
  t.is(stdout, readFileSync('examples/scenario.schema.json', 'utf8'))
})
