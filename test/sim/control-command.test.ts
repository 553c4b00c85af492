import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

import test from 'ava'
import type { ExecutionContext } from 'ava'

import { memoryFolder } from './control-writer.ts'
import { ringback } from './ringback-command.ts'
import type { Outcome } from './ringback-command.ts'

// `ringback run --realtime --control` and `ringback control` as people use them.

const scenario = `name: knobs
duration: 1h
nics: { eth0: { rate: 1Gb/s } }
vifs: { web: { uplink: eth0, rate: 200Mb/s }, constructor: { uplink: eth0, min: 100Mb/s } }
traffic: [{ vif: web, kind: constant, rate: 500Mb/s, size: 1500 }]
output: { interval: 1s }
`

interface Served {
  folder: string
  tree: string
  control: (...words: string[]) => Promise<Outcome>
  /** Ctrl-C, and what the run said. */
  stop: () => Promise<Outcome>
}

function makeFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(path.join(memoryFolder, 'ringback-knobs-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(path.join(folder, 'knobs.yaml'), scenario)
  return folder
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await sleep(10)
}

/** A run that serves a tree until it is stopped. */
async function serve(t: ExecutionContext): Promise<Served> {
  t.timeout(60_000)
  const folder = makeFolder(t)
  const tree = path.join(folder, 'tree')
  const interruptAt = path.join(folder, 'interrupt')
  const run = ringback(['run', path.join(folder, 'knobs.yaml'), '--realtime', '--control', tree], interruptAt)
  await until(() => existsSync(path.join(tree, 'vif/web/uplink')))
  const stop = (): Promise<Outcome> => {
    writeFileSync(interruptAt, '')
    return run
  }
  return { folder, tree, control: (...words) => ringback(['control', tree, ...words]), stop }
}

const said = ({ code, stdout, stderr }: Outcome): unknown[] => [code, stdout, stderr]

test('a shell and ringback control read and write a run; Ctrl-C takes the tree away', async (t) => {
  const { folder, tree, control, stop } = await serve(t)
  t.deepEqual(said(await control('get', 'vif/web/rate')), [0, '200Mb/s\n', ''])
  execFileSync('sh', ['-c', 'echo 50Mb/s > vif/web/rate'], { cwd: tree })
  await until(() => /^50Mb\/s\n$/.test(readFileSync(path.join(tree, 'vif/web/rate'), 'utf8')))
  t.deepEqual(said(await control('set', 'vif/web/rate', '0.07Gb/s')), [0, '70Mb/s\n', ''])
  t.deepEqual(said(await control('set', 'vif/web/rate', '70Mb/s')), [0, '70Mb/s\n', ''], 'once more')
  t.deepEqual(said(await control('set', 'nic/eth0/link', 'down', '--json')), [0, '"down"\n', ''])
  const refused = await control('set', 'vif/web/rate', '70Mbit')
  t.deepEqual([refused.code, refused.stdout], [2, ''])
  t.regex(refused.stderr, /^error: vif\/web\/rate: "70Mbit" is not a rate; [^\n]+\n$/)
  t.is(readFileSync(path.join(tree, 'vif/web/rate'), 'utf8'), '70Mb/s\n')
  const listed = await control('get', 'vif/constructor')
  t.regex(listed.stdout, /^vif\/constructor\/min +100Mb\/s$/m)
  t.false(/vif\/web/.test(listed.stdout))
  const all = JSON.parse((await control('get', '--json')).stdout) as Record<string, Record<string, object>>
  t.deepEqual(Object.keys(all), ['error', 'nic', 'pid', 'time', 'vif'])
  t.like(all.vif?.web, { rate: '70Mb/s', min: 'none', uplink: 'eth0' })
  t.like(all.vif?.constructor, { min: '100Mb/s' })
  const { code, stdout, stderr } = await stop()
  t.deepEqual([code, stdout], [130, ''])
  t.regex(stderr, /^control tree: \S+\/tree\ninterrupted at \S+ of 3600s\n$/)
  t.deepEqual(readdirSync(folder).sort(), ['interrupt', 'knobs.yaml'])
})

test('what control cannot do is one line', async (t) => {
  const { tree, control, stop } = await serve(t)
  for (const [words, code, message] of [
    [['get', 'vif/nobody'], 2, /there is no "vif\/nobody" in \S+; /],
    [['get', '../knobs.yaml'], 2, /"\.\.\/knobs\.yaml" is no path in the tree; /],
    [['get', '/etc/passwd'], 2, /"\/etc\/passwd" is no path in the tree; /],
    [['set', 'vif/web/tx_bytes', '0'], 2, /vif\/web\/tx_bytes can only be read$/],
    [['set', 'vif/web', '1'], 2, /vif\/web is a folder; name a value, as in vif\/web\/rate$/],
    [['set', 'vif/web/speed', '1'], 2, /there is no "vif\/web\/speed" in /],
    [['set', 'vif/web/rate', '1Mb/s\n2Mb/s'], 2, /is no value: it has several lines$/],
    [['set', 'vif/web/rate'], 2, /set takes a path and a value, /],
    [['put', 'vif/web/rate'], 2, /control has no "put"; use get, set or watch$/],
  ] as const) {
    const outcome = await control(...words)
    t.deepEqual([outcome.code, outcome.stdout], [code, ''], words.join(' '))
    t.regex(outcome.stderr.trimEnd(), message)
    t.regex(outcome.stderr, /^error: [^\n]+\n$/)
  }
  const second = await ringback(['run', path.join(tree, '../knobs.yaml'), '--realtime', '--control', tree])
  t.is(second.code, 2)
  t.regex(second.stderr, /^error: process \d+ serves \S+; stop it, or name another folder\n$/)
  t.is((await stop()).code, 130)
  const late = await control('get')
  t.is(late.code, 2)
  t.regex(late.stderr, /^error: \S+: there is no such folder; name the one that ringback run --control prints\n$/)
})

test('a tree that nobody serves', async (t) => {
  const folder = makeFolder(t)
  const tree = path.join(folder, 'tree')
  mkdirSync(path.join(tree, 'vif/web'), { recursive: true })
  writeFileSync(path.join(tree, 'vif/web/rate'), '1Mb/s\n')
  t.regex((await ringback(['control', tree, 'get'])).stderr, /: it is no control tree; /)
  writeFileSync(path.join(tree, 'pid'), '4194304\n')
  t.deepEqual(said(await ringback(['control', tree, 'get', 'vif/web/rate'])), [0, '1Mb/s\n', ''], 'it can be read')
  for (const words of [['set', 'vif/web/rate', '2Mb/s'], ['watch']]) {
    const { code, stderr } = await ringback(['control', tree, ...words])
    t.is(code, 1)
    t.regex(stderr, /^error: nobody serves \S+: process 4194304 has ended without taking its tree away; [^\n]+\n$/)
  }
  t.is(readFileSync(path.join(tree, 'vif/web/rate'), 'utf8'), '1Mb/s\n')
})

/** A watch at work. */
function startWatch(tree: string, ...words: string[]) {
  const child = spawn(process.execPath, ['dist/cli/main.js', 'control', tree, 'watch', '--interval', '10ms', ...words])
  const seen = { out: '', error: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (seen.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (seen.error += text))
  const code = new Promise((resolve) => child.on('close', resolve))
  return { child, seen, code }
}

test('watch bears with a tree that is not whole: one that is being taken away', async (t) => {
  t.timeout(60_000)
  const tree = path.join(makeFolder(t), 'tree')
  const put = (weight: string): void => {
    mkdirSync(path.join(tree, 'vif/web'), { recursive: true })
    writeFileSync(path.join(tree, 'vif/web/weight'), weight)
  }
  put('1')
  writeFileSync(path.join(tree, 'pid'), `${process.pid}\n`)
  const { seen, code } = startWatch(tree, 'vif/web')
  await until(() => seen.out.endsWith('vif/web/weight 1\n'))
  rmSync(path.join(tree, 'vif'), { recursive: true })
  await sleep(100)
  put('2')
  await until(() => seen.out.endsWith('vif/web/weight 2\n') || seen.error !== '')
  rmSync(tree, { recursive: true })
  t.deepEqual([await code, seen.error], [0, 'the run has ended\n'])
})

test('watch tells what changes, ends at Ctrl-C, and with the run', async (t) => {
  const { tree, control, stop } = await serve(t)
  const watch = (...words: string[]) => startWatch(tree, ...words)
  const [people, program] = [watch(), watch('vif/web/weight', '--json')]
  await until(() => people.seen.out.includes('vif/web/weight 1\n') && program.seen.out.includes('"1"'))
  t.is((await control('set', 'vif/web/weight', '5')).code, 0)
  t.is((await control('set', 'vif/web/weight', 'heavy')).code, 2)
  await until(() => /vif\/web\/error weight: "heavy" is no weight; /.test(people.seen.out))
  await until(() => program.seen.out.includes('"5"'))
  people.child.kill('SIGINT')
  t.deepEqual([await people.code, people.seen.error], [0, ''])
  t.regex(people.seen.out, /^(\d\d:\d\d:\d\d\.\d{3} \S+ [^\n]+\n)+$/)
  t.regex(people.seen.out, /vif\/web\/weight 5\n/)
  t.false(/tx_bytes|demand/.test(people.seen.out), 'what always changes is shown where it is named')
  await stop()
  t.deepEqual([await program.code, program.seen.error], [0, 'the run has ended\n'])
  const lines = program.seen.out.trimEnd().split('\n')
  const told = lines.map((line) => JSON.parse(line) as { time: string; path: string; value: string })
  t.true(told.every((line) => line.path === 'vif/web/weight'))
  // What is being written may be seen, where the run is slow to answer.
  t.deepEqual([told[0]?.value, told.at(-1)?.value], ['1', '5'])
  t.true(told.every(({ time }) => !Number.isNaN(Date.parse(time))))
})

test('without a name the tree has a folder of its own, in memory', async (t) => {
  t.timeout(60_000)
  const folder = makeFolder(t)
  const run = spawn(
    process.execPath,
    ['dist/cli/main.js', 'run', path.join(folder, 'knobs.yaml'), '--realtime', '--control'],
    {
      env: { ...process.env, XDG_RUNTIME_DIR: folder },
    },
  )
  let said = ''
  run.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const code = new Promise((resolve) => run.on('close', resolve))
  await until(() => said.includes('\n'))
  t.is(said, `control tree: ${folder}/ringback-knobs-${run.pid}\n`)
  run.kill('SIGTERM')
  t.is(await code, 143)
  t.deepEqual(readdirSync(folder), ['knobs.yaml'])
})

test('a run that ends takes the tree away, but for what others put there; --control needs --realtime', async (t) => {
  const folder = makeFolder(t)
  const [file, tree] = [path.join(folder, 'knobs.yaml'), path.join(folder, 'tree')]
  mkdirSync(path.join(tree, 'vif/web'), { recursive: true })
  const foreign = await ringback(['run', file, '--realtime', '--control', tree])
  t.is(foreign.code, 2)
  t.regex(foreign.stderr, /^error: cannot use \S+: "vif" is in it, which is no control tree's; [^\n]+\n$/)
  rmSync(tree, { recursive: true })
  const alone = await ringback(['run', file, '--control', tree])
  t.deepEqual([alone.code, existsSync(tree)], [2, false])
  t.regex(alone.stderr, /^error: --control needs --realtime: [^\n]+\n$/)
  // A tree of a run that died, with somebody's notes.
  mkdirSync(path.join(tree, 'vif/web'), { recursive: true })
  writeFileSync(path.join(tree, 'pid'), '4194304\n')
  writeFileSync(path.join(tree, 'vif/web/notes'), '')
  const words = ['run', file, '--realtime', '--control', tree, '--duration', '200ms', '--json']
  const { code, stdout, stderr } = await ringback(words)
  t.deepEqual([code, (JSON.parse(stdout) as { aborted: boolean }).aborted], [0, false])
  t.is(stderr, `control tree: ${tree}\nleft as it is: ${tree}, with files of others in it\n`)
  t.deepEqual(readdirSync(tree, { recursive: true }).sort(), ['vif', 'vif/web', 'vif/web/notes'])
})
