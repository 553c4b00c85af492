import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
} from 'node:fs'
import { readdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync } from 'node:fs'
import { utimesSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'

import test from 'ava'

import { makeTree } from './control-fake.ts'

// Everything that somebody may do to a file that sets a value. Time is a clock that the tests set.

const refreshMs = 100

test('what a shell writes is in force at the next sync', (t) => {
  const { tree, target, read, at } = makeTree(t)
  t.is(read('vif/web/rate'), '10Mb/s\n')
  execFileSync('sh', ['-c', `echo 50Mb/s > ${at('vif/web/rate')}`])
  tree.sync()
  t.is(target.vif('web').rateBps, 50e6)
  t.deepEqual([read('vif/web/rate'), read('vif/web/error')], ['50Mb/s\n', ''])
})

test('a value in other words is shown in the words of all others', (t) => {
  const { tree, target, read, at } = makeTree(t)
  writeFileSync(at('vif/web/rate'), '  0.05Gb/s \r\n')
  tree.sync()
  t.is(target.vif('web').rateBps, 50e6)
  t.is(read('vif/web/rate'), '50Mb/s\n')
})

/** Where an open file of this process is; other threads open and close theirs meanwhile. */
function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

const bad: [what: string, name: string, content: string | Buffer, error: RegExp][] = [
  ['no rate', 'rate', '50Mbit\n', /^rate: "50Mbit" is not a rate; write a number, [^\n]+\n$/],
  ['a message of two lines', 'weight', '0\n', /^weight: no weight; write 1 to 9999\n$/],
  ['an empty line', 'rate', '\n', /^rate: is empty; write a value, as in: echo 10Mb\/s > rate\n$/],
  ['two values', 'rate', '1Mb/s\n2Mb/s\n', /^rate: has several lines; write one value, with > and not with >>\n$/],
  ['a long line', 'rate', `${'1'.repeat(256)}\n`, /^rate: is no line of 256 bytes at most; write one value, [^\n]+\n$/],
  ['a huge file', 'rate', Buffer.alloc(1 << 20, 'x'), /^rate: is no line of 256 bytes at most; /],
  ['bytes that are no text', 'rate', Buffer.from([0, 255, 254, 27, 91, 10]), /^rate: "\\u0000\S+ is not a rate; /],
]
for (const [what, name, content, error] of bad)
  test(`${what}: answered in error, nothing changes, the value in force is shown again`, (t) => {
    const { tree, target, read, at } = makeTree(t)
    const before = read(`vif/web/${name}`)
    writeFileSync(at(`vif/web/${name}`), content)
    tree.sync()
    t.regex(read('vif/web/error'), error)
    t.is(read(`vif/web/${name}`), before)
    t.deepEqual(target.sets, [])
    tree.sync()
    t.regex(read('vif/web/error'), error, 'it stays')
    writeFileSync(at('vif/web/rate'), '20Mb/s\n')
    tree.sync()
    t.is(read('vif/web/error'), '', 'a good value empties it')
  })

test('>> is answered, for the file had a value already', (t) => {
  const { tree, read, at } = makeTree(t)
  appendFileSync(at('vif/web/rate'), '50Mb/s\n')
  tree.sync()
  t.regex(read('vif/web/error'), /^rate: has several lines; /)
  t.is(read('vif/web/rate'), '10Mb/s\n')
})

test('the value that is in force, written again, is a good value', (t) => {
  const { tree, read, at, target, syncAfter } = makeTree(t)
  writeFileSync(at('vif/web/weight'), 'heavy\n')
  tree.sync()
  t.not(read('vif/web/error'), '')
  syncAfter(10_000)
  utimesSync(at('vif/web/rate'), 1, 1)
  writeFileSync(at('vif/web/rate'), '10Mb/s\n')
  tree.sync()
  t.is(read('vif/web/error'), '')
  t.deepEqual(target.sets, [])
})

test('a file that is empty is not a value yet; one that stays so is answered', (t) => {
  const { tree, read, at, syncAfter } = makeTree(t)
  writeFileSync(at('vif/web/rate'), '')
  tree.sync()
  syncAfter(199)
  t.deepEqual([read('vif/web/rate'), read('vif/web/error')], ['', ''])
  syncAfter(1)
  t.is(read('vif/web/rate'), '10Mb/s\n')
  t.regex(read('vif/web/error'), /^rate: is empty; /)
})

test('a value that comes in pieces is taken when it is whole', (t) => {
  const { tree, target, at, syncAfter } = makeTree(t)
  const fd = openSync(at('vif/web/weight'), 'w')
  tree.sync()
  for (const piece of ['1', '2']) {
    writeSync(fd, piece)
    tree.sync()
    syncAfter(49)
  }
  t.deepEqual(target.sets, [])
  writeSync(fd, '3\n')
  closeSync(fd)
  tree.sync()
  t.deepEqual(target.sets, ['web weight 123'])
})

test('a line without an end is taken when nothing follows', (t) => {
  const { tree, target, at, read, syncAfter } = makeTree(t)
  writeFileSync(at('vif/web/weight'), '7')
  tree.sync()
  t.deepEqual(target.sets, [])
  syncAfter(50)
  t.deepEqual(target.sets, ['web weight 7'])
  t.is(read('vif/web/weight'), '7\n')
})

test('a writer that renames its file over ours', (t) => {
  const { tree, target, at, read } = makeTree(t)
  writeFileSync(at('vif/web/new'), '30Mb/s\n')
  renameSync(at('vif/web/new'), at('vif/web/rate'))
  tree.sync()
  t.deepEqual([target.vif('web').rateBps, read('vif/web/rate')], [30e6, '30Mb/s\n'])
  t.deepEqual(readdirSync(at('vif/web')).sort(), ['error', 'rate', 'tx_bytes', 'weight'])
})

test('a writer that had opened the file before it was replaced', (t) => {
  const { tree, target, at, read, syncAfter } = makeTree(t)
  writeFileSync(at('vif/web/rate'), 'nonsense\n')
  const late = openSync(at('vif/web/rate'), 'r+')
  tree.sync()
  t.is(read('vif/web/rate'), '10Mb/s\n')
  writeFileSync(at('vif/web/rate'), '20Mb/s\n')
  tree.sync()
  writeSync(late, '40Mb/s\n\n\n', 0)
  closeSync(late)
  tree.sync()
  t.deepEqual(target.sets, ['web rate 20Mb/s', 'web rate 40Mb/s'])
  t.deepEqual([read('vif/web/rate'), read('vif/web/error')], ['40Mb/s\n', ''])
  syncAfter(1000)
  syncAfter(1)
  t.deepEqual(target.sets.length, 2)
})

test('a late writer whose folder is gone sets the value all the same', (t) => {
  const { tree, target, at, read, syncAfter } = makeTree(t)
  writeFileSync(at('vif/web/rate'), '20Mb/s\n')
  const late = openSync(at('vif/web/rate'), 'r+')
  tree.sync()
  rmSync(at('vif/web'), { recursive: true })
  writeSync(late, '40Mb/s\n', 0)
  closeSync(late)
  t.notThrows(() => tree.sync())
  syncAfter(refreshMs)
  t.deepEqual([target.vif('web').rateBps, read('vif/web/rate')], [40e6, '40Mb/s\n'])
})

test('a file that was emptied and replaced meanwhile is no value', (t) => {
  const { tree, target, at, read, syncAfter } = makeTree(t)
  writeFileSync(at('vif/web/rate'), '20Mb/s\n')
  const late = openSync(at('vif/web/rate'), 'r+')
  tree.sync()
  ftruncateSync(late, 0)
  closeSync(late)
  for (let i = 0; i < 5; i++) syncAfter(199)
  t.deepEqual([target.sets, read('vif/web/error')], [['web rate 20Mb/s'], ''])
})

test('files that were replaced are watched for a second, and not more of them than a few hundred', (t) => {
  const { tree, target, at, syncAfter } = makeTree(t)
  const openFiles = () => readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).startsWith(at('vif/web/'))).length
  for (let i = 0; i < 300; i++) {
    writeFileSync(at('vif/web/weight'), `${i + 1} \n`)
    tree.sync()
  }
  t.is(target.sets.length, 300)
  t.is(openFiles(), 256)
  syncAfter(1000)
  t.is(openFiles(), 0)
})

test('what somebody wrote just before its file is brought up to date comes first', (t) => {
  const { target, at, read, syncAfter } = makeTree(t)
  const vif = target.vif('web')
  syncAfter(0)
  vif.onRead = () => {
    vif.rateBps = 15e6
    writeFileSync(at('vif/web/rate'), '60Mb/s\n')
  }
  syncAfter(refreshMs)
  t.deepEqual([vif.rateBps, read('vif/web/rate')], [60e6, '60Mb/s\n'])
})

test('a value that comes while the file is replaced by one that changed elsewhere', (t) => {
  const { target, at, read, syncAfter } = makeTree(t)
  const fd = openSync(at('vif/web/rate'), 'w')
  target.vif('web').rateBps = 15e6
  syncAfter(refreshMs)
  t.is(read('vif/web/rate'), '15Mb/s\n')
  writeSync(fd, '60Mb/s\n')
  closeSync(fd)
  syncAfter(1)
  t.deepEqual([target.vif('web').rateBps, read('vif/web/rate')], [60e6, '60Mb/s\n'])
})

test('a file that was removed comes back with the value in force', (t) => {
  const { tree, at, read } = makeTree(t)
  unlinkSync(at('vif/web/rate'))
  tree.sync()
  t.deepEqual([read('vif/web/rate'), read('vif/web/error')], ['10Mb/s\n', ''])
  t.deepEqual(readdirSync(at('vif/web')).sort(), ['error', 'rate', 'tx_bytes', 'weight'])
})

test('a writer that removes the file and makes a new one is not overtaken', (t) => {
  const { tree, target, at, read } = makeTree(t)
  unlinkSync(at('vif/web/rate'))
  target.vif('web').onRead = () => writeFileSync(at('vif/web/rate'), '70Mb/s\n')
  tree.sync()
  tree.sync()
  t.deepEqual([target.vif('web').rateBps, read('vif/web/rate')], [70e6, '70Mb/s\n'])
})

test('a link in its place is not followed: neither read nor written through', (t) => {
  const { tree, at, read, target } = makeTree(t)
  const outside = path.join(at('..'), 'outside')
  writeFileSync(outside, '99Mb/s\n')
  for (const name of ['rate', 'error', 'tx_bytes']) {
    rmSync(at(`vif/web/${name}`))
    symlinkSync(outside, at(`vif/web/${name}`))
  }
  tree.sync()
  t.is(readFileSync(outside, 'utf8'), '99Mb/s\n')
  t.deepEqual(target.sets, [])
  t.true(lstatSync(at('vif/web/rate')).isFile() && lstatSync(at('vif/web/error')).isFile())
  t.regex(read('vif/web/error'), /^rate: is a link, not a file; write the value into a file\n$/)
})

test('a pipe in its place keeps nobody waiting', (t) => {
  const { tree, at, read } = makeTree(t)
  unlinkSync(at('vif/web/rate'))
  execFileSync('mkfifo', [at('vif/web/rate')])
  tree.sync()
  t.is(read('vif/web/rate'), '10Mb/s\n')
  t.regex(read('vif/web/error'), /^rate: is a pipe, not a file; /)
})

test('an empty folder in its place goes; one with something in it stays and is told', (t) => {
  const { tree, at, read, syncAfter } = makeTree(t)
  unlinkSync(at('vif/web/rate'))
  mkdirSync(at('vif/web/rate'))
  tree.sync()
  t.is(read('vif/web/rate'), '10Mb/s\n')
  unlinkSync(at('vif/web/rate'))
  mkdirSync(at('vif/web/rate/mine'), { recursive: true })
  tree.sync()
  syncAfter(refreshMs)
  t.true(existsSync(at('vif/web/rate/mine')))
  t.regex(read('vif/web/error'), /^rate: is a folder, not a file; /)
  t.deepEqual(readdirSync(at('vif/web')).sort(), ['error', 'rate', 'tx_bytes', 'weight'])
  rmSync(at('vif/web/rate'), { recursive: true })
  tree.sync()
  t.is(read('vif/web/rate'), '10Mb/s\n')
})

test('a file that may not be read is answered', (t) => {
  // Only root may read it all the same.
  const { tree, at, read } = makeTree(t)
  writeFileSync(at('vif/web/rate'), '20Mb/s\n')
  chmodSync(at('vif/web/rate'), 0)
  tree.sync()
  if (process.getuid?.() === 0) t.is(read('vif/web/rate'), '20Mb/s\n')
  else t.regex(read('vif/web/error'), /^rate: cannot be read: permission denied; /)
  t.is(statSync(at('vif/web/rate')).mode & 0o777, 0o644)
})

test('a hard link to the file leads to no other value', (t) => {
  const { tree, at, read, target } = makeTree(t, ['web', 'db'])
  rmSync(at('vif/db/rate'))
  linkSync(at('vif/web/rate'), at('vif/db/rate'))
  writeFileSync(at('vif/db/rate'), '20Mb/s\n')
  tree.sync()
  t.deepEqual([target.vif('web').rateBps, target.vif('db').rateBps], [20e6, 20e6], 'both were written')
  t.deepEqual([read('vif/web/rate'), read('vif/db/rate')], ['20Mb/s\n', '20Mb/s\n'])
  writeFileSync(at('vif/db/rate'), '30Mb/s\n')
  tree.sync()
  t.deepEqual([target.vif('web').rateBps, target.vif('db').rateBps], [20e6, 30e6])
})
