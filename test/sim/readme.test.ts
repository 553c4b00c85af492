import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'

import test from 'ava'

// What the README prints is what its commands print: tests run in the package's root.

const readme = readFileSync('README.md', 'utf8')
const node = (...words: string[]) => execFileSync(process.execPath, words, { encoding: 'utf8' }).trimEnd()

/** The fenced block after a marker. */
function block(marker: string): string {
  const [, text] = readme.split(`<!-- ${marker} -->\n`)
  const match = /^```\w*\n([^]*?)\n```$/m.exec(text ?? '')
  if (!match?.[1]) throw new Error(`README.md has no block ${marker}`)
  return match[1]
}

/** Without what depends on the machine's speed. */
const timeless = (text: string) => text.replace(/simulated in [^,]+/, '').replace(/speed: .* packets\/s/, '')

for (const file of ['examples/captures.yaml', 'examples/bridge.yaml'])
  test(`${file} prints the table in the README`, (t) => {
    const printed = node('dist/cli/main.js', 'run', file)
    t.is(timeless(printed), timeless(block(`output: run ${file}`)))
  })

test('the scenario in the README is the example', (t) => {
  t.is(block('file: examples/bridge.yaml'), readFileSync('examples/bridge.yaml', 'utf8').trimEnd())
})

test('the example of steps runs', (t) => {
  t.regex(
    node('examples/steps.mjs'),
    /^db got \d+ of 13334, dropped \{"backlog":\d+,.*"disconnected":[1-9]\d*,"link":0,"bond":0\}$/,
  )
})

test('the program in the README is the example and prints what the README says', (t) => {
  t.is(block('file: examples/cap.mjs'), readFileSync('examples/cap.mjs', 'utf8').trimEnd())
  t.is(node('examples/cap.mjs'), block('output: examples/cap.mjs'))
})

test('CI runs the test command of the README', (t) => {
  t.regex(block('test'), /npm ci && npm test$/)
  t.is(block('start'), 'npm ci && npm start')
})
