import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'

import test from 'ava'

// The rooms of docs/architecture.md and who may use whom. Tests run in the package's root.

/** Folders of native/, each with those that its files may include. */
const nativeRooms: Record<string, readonly string[]> = {
  base: ['base'],
  abi: ['abi'],
  ring: ['base', 'abi', 'ring'],
  memory: ['base', 'abi', 'memory'],
  event: ['base', 'abi', 'event'],
  shaping: ['base', 'shaping'],
  tcp: ['base', 'tcp'],
  vif: ['base', 'abi', 'ring', 'memory', 'event', 'shaping', 'vif'],
  net: ['base', 'abi', 'vif', 'net'],
  sim: ['base', 'abi', 'ring', 'memory', 'event', 'shaping', 'tcp', 'vif', 'net', 'sim'],
  addon: ['base', 'abi', 'ring', 'memory', 'event', 'shaping', 'tcp', 'vif', 'net', 'sim', 'addon'],
}

/** Folders of lib/ ('.' is lib itself), each with those that its files may import. */
const libRooms: Record<string, readonly string[]> = {
  '.': ['.', 'policy', 'bonding', 'ring', 'machine', 'simulation', 'control', 'experiment', 'bench', 'report/run'],
  policy: ['.', 'policy'],
  reading: ['.', 'reading'],
  bonding: ['.', 'reading', 'bonding'],
  ring: ['.', 'ring'],
  machine: ['.', 'machine'],
  simulation: ['.', 'policy', 'reading', 'bonding', 'simulation'],
  control: ['.', 'bonding', 'simulation', 'control'],
  'bench/peers': ['bench/peers'],
  bench: ['.', 'ring', 'machine', 'simulation', 'report', 'bench/peers', 'bench'],
  report: ['.', 'report'],
  'report/run': ['.', 'simulation', 'report', 'report/run'],
  experiment: ['.', 'policy', 'reading', 'simulation', 'report', 'experiment'],
  cli: [
    '.',
    'policy',
    'reading',
    'bonding',
    'simulation',
    'control',
    'experiment',
    'bench',
    'report',
    'report/run',
    'cli',
  ],
}

/** The only files that may name a memory ordering: each is about one shared structure and says why. */
const orderingFiles = ['native/ring/ordering.h', 'native/memory/grant_entry.h', 'native/event/port_table.h']

function filesBelow(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .map((name) => path.join(folder, name))
}
const lines = (file: string) => readFileSync(file, 'utf8').split('\n')
const found = (file: string, pattern: RegExp) =>
  lines(file).flatMap((line) => [...line.matchAll(pattern)].map((match) => match[1] ?? ''))

const nativeFiles = filesBelow('native', /\.(cc|h)$/)
const libFiles = filesBelow('lib', /\.c?ts$/)

test('native: includes go one way', (t) => {
  const wrong = nativeFiles.flatMap((file) => {
    const room = file.split(path.sep)[1] ?? ''
    return found(file, /^#include "([^"]+)"/g)
      .filter((include) => !nativeRooms[room]?.includes(include.split('/')[0] ?? ''))
      .map((include) => `${file} includes ${include}`)
  })
  t.deepEqual(wrong, [])
  t.true(nativeFiles.length > 30)
})

test('native: only the addon knows Node', (t) => {
  const wrong = nativeFiles.filter((file) => !file.includes('addon') && found(file, /<((?:node_)?n?api[^>]*)>/g).length)
  t.deepEqual(wrong, [])
})

test('native: memory orderings are named in three files', (t) => {
  const wrong = nativeFiles.filter(
    (file) => !orderingFiles.includes(file) && lines(file).some((line) => line.includes('std::memory_order')),
  )
  t.deepEqual(wrong, [])
})

test('native: nothing reads a clock or a random device', (t) => {
  const wrong = nativeFiles.filter((file) => /<chrono>|<random>|<ctime>|clock_gettime/.test(readFileSync(file, 'utf8')))
  t.deepEqual(wrong, [])
})

test('native: every source is in the one list', (t) => {
  const list = readFileSync('native/build.gypi', 'utf8')
  t.deepEqual(
    nativeFiles.filter((file) => file.endsWith('.cc') && !list.includes(`"${file}"`)),
    [],
  )
})

test('lib: imports go one way', (t) => {
  const wrong = libFiles.flatMap((file) => {
    const room = path.relative('lib', path.dirname(file)) || '.'
    return found(file, /from '(\.[^']+)'/g).flatMap((target) => {
      const to = path.relative('lib', path.dirname(path.join(path.dirname(file), target))) || '.'
      return libRooms[room]?.includes(to) ? [] : [`${file} imports ${target}`]
    })
  })
  t.deepEqual(wrong, [])
  t.true(libFiles.length > 15)
})

test('lib: what shares bandwidth needs no addon and no package', (t) => {
  const plain = ['errors', 'units', 'arguments', 'quote', 'detector', 'controller'].map((name) => `lib/${name}.ts`)
  const reached = new Set(libFiles.filter((file) => path.dirname(file) === 'lib/policy'))
  const wrong: string[] = []
  for (const file of reached)
    for (const target of found(file, /(?:from|import|import\(|require\() ?'([^']+)'/g)) {
      const to = path.join(path.dirname(file), target)
      if (target.startsWith('.') && (plain.includes(to) || path.dirname(to) === 'lib/policy')) reached.add(to)
      else wrong.push(`${file} imports ${target}`)
    }
  t.deepEqual(wrong, [])
  for (const file of plain) t.true(reached.has(file), file)
})

test('lib: one file loads the addon, and only index.ts and the controller reach into the rooms', (t) => {
  const loaders = libFiles.filter((file) => /from '#native'/.test(readFileSync(file, 'utf8')))
  t.deepEqual(loaders, ['lib/native.ts'])
  const reaching = libFiles.filter(
    (file) =>
      path.dirname(file) === 'lib' &&
      !/(index\.c?ts|controller\.ts)$/.test(file) &&
      found(file, /from '(\.\/[^']*\/[^']+)'/g).length > 0 &&
      lines(file).some((line) => /^import (?!type)/.test(line) && /from '\.\/[^']*\//.test(line)),
  )
  t.deepEqual(reaching, [])
})

test('files stay small enough to be read in one sitting', (t) => {
  const all = [...nativeFiles, ...libFiles, ...filesBelow('test', /\.(ts|cc|h)$/), ...filesBelow('bench', /\.(cc|h)$/)]
  t.deepEqual(
    all.filter((file) => lines(file).length > 400),
    [],
  )
})

test('tests with threads are named so that ThreadSanitizer runs them', (t) => {
  const threaded = filesBelow('test/native', /\.cc$/).filter((file) =>
    /std::j?thread\b/.test(readFileSync(file, 'utf8')),
  )
  t.deepEqual(
    threaded.filter(
      (file) => !/_(stress|litmus)_test\.cc$/.test(file) && !/__SANITIZE_THREAD__/.test(readFileSync(file, 'utf8')),
    ),
    [],
  )
  t.true(threaded.length >= 4)
})

test('nothing is left half-done', (t) => {
  const marks = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX:', 'ts-' + 'ignore', 'test\\.skip'].join('|'))
  const all = [...nativeFiles, ...libFiles, ...filesBelow('test', /\.(ts|cc|h)$/)]
  t.deepEqual(
    all.filter((file) => lines(file).some((line) => marks.test(line))),
    [],
  )
})
