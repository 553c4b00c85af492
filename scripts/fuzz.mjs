// Runs a libFuzzer target on its corpus: npm run fuzz -- back_end|front_end [options of libFuzzer].
// What it finds anew goes to cmake-build/fuzz/corpus, what fails to the working folder.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import process from 'node:process'

const [target, ...options] = process.argv.slice(2)
if (target !== 'back_end' && target !== 'front_end') {
  console.error('usage: npm run fuzz -- back_end|front_end [-max_total_time=60 ...]')
  process.exit(2)
}
const found = `cmake-build/fuzz/corpus/${target}`
mkdirSync(found, { recursive: true })
const args = ['-max_len=4096', ...options, found, `test/fuzz/corpus/${target}`]
const { status } = spawnSync(`cmake-build/fuzz/${target}_fuzzer`, args, { stdio: 'inherit' })
process.exit(status ?? 1)
