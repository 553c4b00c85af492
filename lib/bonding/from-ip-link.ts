import { checkObject, checkText } from '../arguments.ts'
import { nameOf, quote } from '../quote.ts'
import { BondCollector, fail } from './imported.ts'
import type { ImportedBonds, Place } from './imported.ts'

/**
 * The bonds of a host: commands as in a script (`ip link add bond0 type bond ...`, `ip link set eth0 master bond0`), or
 * what `ip -d -j link show` prints. Other commands are not looked at.
 *
 * @param options.file - the file's path, for messages
 * @throws {@link RingbackError} ERR_BOND with one line, `file:line: what; how to fix`
 */
export function fromIpLink(text: string, options: { file: string }): ImportedBonds {
  checkText(text, 'text')
  checkObject(options, 'options')
  const { file } = options
  checkText(file, 'options.file')
  const collector = new BondCollector(({ linux }) => linux)
  if (/^\s*\[/.test(text)) readShown(text, file, collector)
  else text.split('\n').forEach((line, i) => readCommand(line, `${file}:${i + 1}`, collector))
  if (collector.isEmpty)
    fail(file, 'there is no bond in it; give it ip link commands, or what ip -d -j link show prints')
  return collector.finish()
}

/** `ip link`, and words of it that say nothing of bonds. */
const command = /^\s*(?:sudo\s+)?(?:\S*\/)?ip\s+(?:-\S+\s+)*link\s+(add|set)\s+(.*)$/

function readCommand(line: string, place: Place, collector: BondCollector): void {
  const [, verb, rest = ''] = command.exec(line.replace(/(^|\s)#.*$/, '')) ?? []
  if (verb === undefined) return
  const words = rest.trim().split(/\s+/)
  const name = words[0] === 'dev' || words[0] === 'name' ? words[1] : words[0]
  if (name === undefined || name === '') return
  const after = words.slice(words.indexOf(name) + 1)
  const type = after.indexOf('type')
  if (type >= 0 && after[type + 1] === 'bond') {
    if (verb === 'add') collector.add(name, place)
    else if (!collector.has(name)) fail(place, `there is no bond ${quote(name)} before this line; add it first`)
    readOptions(name, after.slice(type + 2), place, collector)
  }
  const master = after.indexOf('master')
  const bond = after[master + 1] ?? ''
  if (master >= 0 && collector.has(bond)) collector.addNic(bond, name, place)
}

function readOptions(bond: string, words: readonly string[], place: Place, collector: BondCollector): void {
  for (let i = 0; i < words.length; i += 2) {
    const [name = '', value] = [words[i], words[i + 1]]
    if (value === undefined) fail(place, `${nameOf(name)} has no value; write one behind it`)
    collector.set(bond, name, value, `${place}: ${nameOf(name)}`)
  }
}

/** A device as `ip -d -j link show` shows it. */
interface Shown {
  ifname?: unknown
  master?: unknown
  linkinfo?: { info_kind?: unknown; info_data?: Record<string, unknown> | null }
}

function readShown(text: string, file: string, collector: BondCollector): void {
  const devices = parseShown(text, file)
  for (const { ifname, linkinfo } of devices) {
    if (linkinfo?.info_kind !== 'bond' || typeof ifname !== 'string') continue
    collector.add(ifname, `${file}: ${nameOf(ifname)}`)
    for (const [name, value] of Object.entries(linkinfo.info_data ?? {}))
      collector.set(ifname, name, value, `${file}: ${nameOf(ifname)}.${nameOf(name)}`)
  }
  for (const { ifname, master } of devices)
    if (typeof ifname === 'string' && typeof master === 'string' && collector.has(master))
      collector.addNic(master, ifname, `${file}: ${nameOf(ifname)}`)
  collector.dropUnused()
}

function parseShown(text: string, file: string): Shown[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return fail(file, 'no JSON; write what ip -d -j link show prints into it')
  }
  if (!Array.isArray(value)) return fail(file, 'no list of devices; write what ip -d -j link show prints into it')
  return value.filter((device): device is Shown => typeof device === 'object' && device !== null)
}
