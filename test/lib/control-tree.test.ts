import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

import test from 'ava'
import type { ExecutionContext } from 'ava'
import { ControlTree, RingbackError } from 'ringback'
import type { ControlTarget } from 'ringback'

import { FakeTarget, makeFolder, makeTree } from './control-fake.ts'

// The tree as a whole: whose folder it is, what it shows, and what is left of it.

const refreshMs = 100

test('a folder a thing, a file a value; what can be set may be written', (t) => {
  const { folder, tree, at, read } = makeTree(t, ['web', 'db'])
  t.is(tree.folder, folder)
  t.deepEqual(readdirSync(folder).sort(), ['.owner', 'error', 'pid', 'vif'])
  t.deepEqual(readdirSync(at('vif')).sort(), ['db', 'web'])
  t.deepEqual(readdirSync(at('vif/db')).sort(), ['error', 'rate', 'tx_bytes', 'weight'])
  t.is(read('pid'), `${process.pid}\n`)
  const mode = (name: string) => statSync(at(name)).mode & 0o777
  t.deepEqual(
    ['rate', 'tx_bytes', 'error'].map((name) => mode(`vif/web/${name}`)),
    [0o644, 0o444, 0o444],
  )
})

test('files follow what they show, once an interval', (t) => {
  const { tree, target, read, syncAfter } = makeTree(t)
  target.vif('web').txBytes = 4096
  tree.sync()
  t.is(read('vif/web/tx_bytes'), '0\n')
  syncAfter(refreshMs)
  t.is(read('vif/web/tx_bytes'), '4096\n')
})

test('only files whose value changed are written', (t) => {
  const { folder, target, at, syncAfter } = makeTree(t, ['web', 'db'])
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const numbers = () => names.map((name) => statSync(at(name)).ino)
  const before = numbers()
  target.vif('web').txBytes = 1
  syncAfter(refreshMs)
  const after = numbers()
  t.deepEqual(
    names.filter((_, i) => before[i] !== after[i]),
    ['vif/web/tx_bytes'],
  )
})

test('a file that can only be read is put back, and the writer is told', (t) => {
  const { at, read, syncAfter } = makeTree(t)
  for (const change of [
    () => {
      chmodSync(at('vif/web/tx_bytes'), 0o644)
      writeFileSync(at('vif/web/tx_bytes'), 'millions\n')
    },
    () => {
      rmSync(at('vif/web/tx_bytes'))
      symlinkSync('/etc/passwd', at('vif/web/tx_bytes'))
    },
  ]) {
    change()
    syncAfter(refreshMs)
    t.is(read('vif/web/tx_bytes'), '0\n')
    t.is(read('vif/web/error'), 'tx_bytes: can only be read; what was there is gone\n')
    writeFileSync(at('vif/web/rate'), '10Mb/s \n')
    syncAfter(refreshMs)
    t.is(read('vif/web/error'), '')
  }
  rmSync(at('vif/web/tx_bytes'))
  rmSync(at('vif/web/error'))
  rmSync(at('pid'))
  syncAfter(refreshMs)
  t.deepEqual([read('vif/web/tx_bytes'), read('vif/web/error'), read('pid')], ['0\n', '', `${process.pid}\n`])
})

test('folders that are removed come back', (t) => {
  const { folder, target, at, read, syncAfter } = makeTree(t)
  for (const name of ['vif/web', 'vif', '.']) {
    rmSync(path.join(folder, name), { recursive: true })
    syncAfter(refreshMs)
    t.deepEqual([read('vif/web/rate'), read('vif/web/tx_bytes')], ['10Mb/s\n', '0\n'], name)
  }
  writeFileSync(at('vif/web/rate'), '50Mb/s\n')
  syncAfter(0)
  t.is(target.vif('web').rateBps, 50e6)
})

test('a folder that is moved away loses our files; a new one is in its place', (t) => {
  const { at, read, syncAfter } = makeTree(t)
  renameSync(at('vif/web'), at('vif/old'))
  writeFileSync(at('vif/old/mine'), '')
  syncAfter(refreshMs)
  t.deepEqual(readdirSync(at('vif/old')), ['mine'])
  t.is(read('vif/web/rate'), '10Mb/s\n')
  renameSync(at('vif/web'), at('vif/older'))
  mkdirSync(at('vif/web'))
  syncAfter(refreshMs)
  t.deepEqual(readdirSync(at('vif/older')), [])
  t.is(read('vif/web/rate'), '10Mb/s\n', 'a folder that somebody made will do')
})

test('a link or a file in the place of a folder is not followed and told; once it is gone all is as before', (t) => {
  const { at, read, syncAfter } = makeTree(t, ['web', 'db'])
  const outside = at('../outside')
  mkdirSync(outside)
  writeFileSync(path.join(outside, 'rate'), '99Mb/s\n')
  rmSync(at('vif/web'), { recursive: true })
  symlinkSync(outside, at('vif/web'))
  syncAfter(refreshMs)
  syncAfter(refreshMs)
  t.is(read('error'), 'vif/web: is no folder of the tree any more; remove what is there\n')
  t.deepEqual([readdirSync(outside), readFileSync(path.join(outside, 'rate'), 'utf8')], [['rate'], '99Mb/s\n'])
  writeFileSync(at('vif/db/rate'), '20Mb/s\n')
  syncAfter(0)
  t.is(read('vif/db/rate'), '20Mb/s\n', 'the others go on')
  rmSync(at('vif/web'))
  for (let i = 0; i < 3; i++) syncAfter(refreshMs)
  t.deepEqual([read('vif/web/rate'), read('error')], ['10Mb/s\n', ''])
})

test('close() takes the tree away; more than once is fine, and then it is closed', (t) => {
  const { folder, tree } = makeTree(t)
  t.deepEqual([tree.close(), existsSync(folder)], [[], false])
  t.deepEqual(tree.close(), [])
  t.throws(() => tree.sync(), { instanceOf: RingbackError, code: 'ERR_CLOSED' })
  t.throws(() => tree.start(), { code: 'ERR_STATE' })
})

test('close() leaves what is not ours, and says where', (t) => {
  const { folder, tree, at } = makeTree(t, ['web', 'db'])
  writeFileSync(at('vif/web/notes'), 'mine')
  writeFileSync(at('vif/rate'), 'mine too')
  t.deepEqual(tree.close(), [folder])
  t.deepEqual(readdirSync(folder, { recursive: true }).sort(), ['vif', 'vif/rate', 'vif/web', 'vif/web/notes'])
})

test('a folder that was there before stays, empty', (t) => {
  const folder = makeFolder(t)
  const tree = new ControlTree({ folder, target: new FakeTarget(['web']) })
  tree.start()
  t.deepEqual([tree.close(), readdirSync(folder)], [[], []])
})

test('a tree whose folder was moved is taken away from there', (t) => {
  const { folder, tree } = makeTree(t)
  renameSync(folder, `${folder}-moved`)
  t.deepEqual([tree.close(), existsSync(`${folder}-moved`)], [[], false])
})

const start = (folder: string, names = ['web']) => {
  const tree = new ControlTree({ folder, target: new FakeTarget(names) })
  tree.start()
  return tree
}

test('a folder with other things in it is refused, and is left as it was', (t) => {
  const folder = makeFolder(t)
  writeFileSync(path.join(folder, 'thesis.doc'), 'years of work')
  t.throws(() => start(folder), {
    instanceOf: RingbackError,
    code: 'ERR_CONTROL',
    message: `cannot use ${folder}: "thesis.doc" is in it, which is no control tree's; name a new or an empty folder`,
  })
  t.deepEqual(readdirSync(folder), ['thesis.doc'])
  writeFileSync(path.join(folder, 'pid'), 'of something else\n')
  t.throws(() => start(folder), { code: 'ERR_CONTROL' })
  t.deepEqual(readdirSync(folder).sort(), ['pid', 'thesis.doc'])
})

test('a pid that is no file of a number is no tree, and keeps nobody waiting', (t) => {
  const folder = makeFolder(t)
  const pid = path.join(folder, 'pid')
  writeFileSync(path.join(folder, '.number'), '1000000\n')
  for (const make of [
    () => execFileSync('mkfifo', [pid]),
    () => mkdirSync(pid),
    () => symlinkSync('.number', pid),
    () => writeFileSync(pid, 'nobody\n'),
  ]) {
    make()
    t.throws(() => start(folder), { code: 'ERR_CONTROL', message: /, which is no control tree's; / })
    rmSync(pid, { recursive: true })
  }
})

test('places where no folder can be', (t) => {
  const folder = makeFolder(t)
  writeFileSync(path.join(folder, 'file'), '')
  for (const [name, message] of [
    ['file', /: it is a file; name a new or an empty folder$/],
    ['file/x', /: a part of the path is a file; /],
    ['not/there', /: no such file or folder; /],
  ] as const)
    t.throws(() => start(path.join(folder, name)), { code: 'ERR_CONTROL', message })
})

test("a living process's tree is refused", (t) => {
  const { folder, read } = makeTree(t)
  t.throws(() => start(folder), {
    code: 'ERR_CONTROL',
    message: `process ${process.pid} serves ${folder}; stop it, or name another folder`,
  })
  t.is(read('vif/web/rate'), '10Mb/s\n')
})

const dies = (folder: string) => `
  import { ControlTree } from 'ringback'
  const values = [{ name: 'rate', read: () => '1', write: () => undefined }, { name: 'tx_bytes', read: () => '2' }]
  const target = { folders: ['vif/web', 'vif/gone'].map((path) => ({ path, values })) }
  new ControlTree({ folder: ${JSON.stringify(folder)}, target }).start()
  process.kill(process.pid, 'SIGKILL')`

test('the tree of a process that died is taken over, and goes with ours', (t) => {
  const folder = path.join(makeFolder(t), 'tree')
  const died = spawnSync(process.execPath, ['--input-type=module', '-e', dies(folder)], { encoding: 'utf8' })
  t.deepEqual([died.signal, died.stderr], ['SIGKILL', ''])
  t.true(existsSync(path.join(folder, 'vif/gone/rate')))
  writeFileSync(path.join(folder, 'vif/gone/.rate.77.0.tmp'), 'half')
  mkdirSync(path.join(folder, 'vif/kept'))
  writeFileSync(path.join(folder, 'vif/kept/notes'), '')
  const tree = start(folder)
  t.deepEqual(readdirSync(path.join(folder, 'vif')).sort(), ['kept', 'web'])
  t.is(readFileSync(path.join(folder, 'vif/web/rate'), 'utf8'), '10Mb/s\n')
  rmSync(path.join(folder, 'vif/kept'), { recursive: true })
  t.deepEqual([tree.close(), existsSync(folder)], [[], false], 'the dead one had made the folder')
})

test('a number that another process has now does not keep a tree alive', (t) => {
  const folder = makeFolder(t)
  writeFileSync(path.join(folder, 'pid'), `${process.ppid}\n`)
  writeFileSync(path.join(folder, '.owner'), '1 found\n')
  const tree = start(folder)
  t.deepEqual([tree.close(), readdirSync(folder)], [[], []])
})

test('a large tree is looked at in parts: every value is taken, every file follows', (t) => {
  const names = Array.from({ length: 300 }, (_, i) => `v${i}`)
  const { target, read, at, syncAfter } = makeTree(t, names)
  names.forEach((name, i) => {
    writeFileSync(at(`vif/${name}/weight`), `${i + 2}\n`)
    target.vif(name).txBytes = i + 1
  })
  syncAfter(refreshMs)
  t.true(target.sets.length < names.length, 'not all at once')
  for (let i = 0; i < 30; i++) syncAfter(0)
  t.deepEqual(new Set(target.sets), new Set(names.map((name, i) => `${name} weight ${i + 2}`)))
  t.deepEqual(
    names.map((name) => read(`vif/${name}/tx_bytes`)),
    names.map((_, i) => `${i + 1}\n`),
  )
})

const fullDisk = '["2","1","2",1]\n["2","7","2",1]\n0\n'
test('a sync of a large tree does not look at all files', (t) => {
  const names = Array.from({ length: 300 }, (_, i) => `v${i}`)
  const { target, at, syncAfter } = makeTree(t, names)
  writeFileSync(at('vif/v299/weight'), '9\n')
  syncAfter(0)
  syncAfter(0)
  t.deepEqual(target.sets, [], '512 of 600')
  syncAfter(0)
  t.deepEqual(target.sets, ['v299 weight 9'])
})

const fillsUp = `
  import { ControlTree } from 'ringback'
  import { readFileSync, writeFileSync, rmSync } from 'node:fs'
  const [folder] = process.argv.slice(1)
  let [rate, counter, sets] = ['1', 0, 0]
  const values = [
    { name: 'rate', read: () => rate, write: (text) => { rate = text; sets++ } },
    { name: 'tx_bytes', read: () => String(counter) },
  ]
  let ahead = 0
  const tree = new ControlTree({ folder, target: { folders: [{ path: 'vif/web', values }] }, now: () => Date.now() + ahead })
  tree.start()
  const file = folder + '/vif/web/'
  const say = () => console.log(JSON.stringify(['rate', 'tx_bytes'].map((name) => readFileSync(file + name, 'utf8').trim()).concat(rate, sets)))
  const fill = () => { try { writeFileSync(folder + '/../fill', Buffer.alloc(1 << 20)) } catch (error) { if (error.code !== 'ENOSPC') throw error } }
  const sync = () => { ahead += 100; counter++; tree.sync() }
  sync()
  writeFileSync(file + 'rate', '2\\n')
  fill()
  for (let i = 0; i < 3; i++) sync()
  say()
  rmSync(folder + '/../fill')
  for (let i = 0; i < 3; i++) sync()
  say()
  console.log(readFileSync(file + 'error', 'utf8') + tree.close().length)`

const writesQuickly = `
  import { ControlTree } from 'ringback'
  import { writeFileSync } from 'node:fs'
  const [folder] = process.argv.slice(1)
  let sets = 0
  const values = [{ name: 'weight', read: () => '0', write: () => { sets++ } }]
  const tree = new ControlTree({ folder, target: { folders: [{ path: 'vif/web', values }] } })
  tree.start()
  for (let i = 0; i < 300; i++) {
    writeFileSync(folder + '/vif/web/weight', '7\\n')
    tree.sync() // answers, and puts a new file
    tree.sync() // looks at that
  }
  console.log(sets)
  tree.close()`

/** Runs a script on a file system of its own; undefined where this machine lets nobody mount one. */
function runOn(t: ExecutionContext, mount: string, script: string): string | undefined {
  const folder = makeFolder(t)
  const shell = `mount -t ${mount} none ${folder} || exit 77\nexec "$0" --input-type=module -e "$1" ${folder}/tree`
  const words = ['-Urm', 'sh', '-c', shell, process.execPath, script]
  const { status, stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8' })
  if (status === 77 || /unshare failed/.test(stderr)) {
    t.log('no file system can be mounted here', stderr)
    return undefined
  }
  t.deepEqual([status, stderr], [0, ''])
  return stdout
}

test('a full disk stops nothing; when there is room again all files are as they should be', (t) => {
  const said = runOn(t, 'tmpfs -o size=64k', fillsUp)
  t.is(said ?? fullDisk, fullDisk)
})

test('writes that leave size and time as they were are seen: a file system has times in steps', (t) => {
  // ramfs has the coarse times that all others had before Linux 6.13.
  const said = runOn(t, 'ramfs', writesQuickly)
  t.is(said ?? '300\n', '300\n')
})

test('what is no target is refused', (t) => {
  const make = (target: unknown, more = {}) =>
    new ControlTree({ folder: '/nowhere', target: target as ControlTarget, ...more })
  const value = { name: 'rate', read: () => '1' }
  const folders = (path: string, ...values: unknown[]) => ({ folders: [{ path, values }] })
  for (const [target, code] of [
    [null, 'ERR_INVALID_ARGUMENT'],
    [{}, 'ERR_INVALID_ARGUMENT'],
    [folders('vif/..', value), 'ERR_OUT_OF_RANGE'],
    [folders('/vif', value), 'ERR_OUT_OF_RANGE'],
    [folders('vif/a b', value), 'ERR_OUT_OF_RANGE'],
    [folders('vif', { ...value, name: '../x' }), 'ERR_OUT_OF_RANGE'],
    [folders('vif', { ...value, name: 'error' }), 'ERR_OUT_OF_RANGE'],
    [folders('vif', value, value), 'ERR_OUT_OF_RANGE'],
    [folders('vif', { name: 'rate' }), 'ERR_INVALID_ARGUMENT'],
    [
      {
        folders: [
          { path: 'a', values: [value] },
          { path: 'a/rate', values: [value] },
        ],
      },
      'ERR_OUT_OF_RANGE',
    ],
  ] as const)
    t.throws(() => make(target), { instanceOf: RingbackError, code }, JSON.stringify(target))
  const good = folders('vif', value)
  t.throws(() => make(good, { folder: '' }), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => make(good, { refreshMs: 0 }), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => make(good, { now: 1 }), { code: 'ERR_INVALID_ARGUMENT' })
  t.throws(() => make(good).sync(), { code: 'ERR_STATE' })
  t.deepEqual(make(good).close(), [])
})
