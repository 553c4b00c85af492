import { spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'

/** The numbers in a list as Linux writes it: `0-2,5`. */
function numbersOf(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number)
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i)
  })
}

/**
 * Ties the calling thread to the nth core that this process may use, as the C++ programs do with theirs: else the
 * scheduler may put both sides of a ring on one core and leave them there. Node has no call for it, so util-linux's
 * taskset is asked.
 *
 * @returns whether it is tied; without taskset, or with fewer cores, the scheduler decides
 */
export function pinToCore(nth: number): boolean {
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))?.[1]
  const core = allowed === undefined ? undefined : numbersOf(allowed)[nth]
  const thread = /\d+$/.exec(readlinkSync('/proc/thread-self'))?.[0]
  if (core === undefined || thread === undefined) return false
  return spawnSync('taskset', ['--pid', '--cpu-list', String(core), thread], { stdio: 'ignore' }).status === 0
}
