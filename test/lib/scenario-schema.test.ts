import { readdirSync, readFileSync } from 'node:fs'

import test from 'ava'
import { parseScenario, scenarioJsonSchema } from 'ringback'

test('the JSON Schema beside the examples is current, and the examples name it', (t) => {
  const written: unknown = JSON.parse(readFileSync('examples/scenario.schema.json', 'utf8'))
  t.deepEqual(written, scenarioJsonSchema(), 'run npm run schema')
  const examples = readdirSync('examples').filter((name) => name.endsWith('.yaml'))
  t.true(examples.length >= 2)
  for (const name of examples) {
    const text = readFileSync(`examples/${name}`, 'utf8')
    t.regex(text, /^# yaml-language-server: \$schema=scenario\.schema\.json\n/)
    t.notThrows(() => parseScenario(text, { file: `examples/${name}` }))
  }
})
