import { createHash } from 'node:crypto'

import { simulate } from 'ringback'
import type { Results, Scenario } from 'ringback'

/** A record of a capture file as we write them: little-endian, nanoseconds. */
export interface PcapRecord {
  timeNs: number
  originalLength: number
  bytes: Buffer
}

/** The records of a whole file. Throws where it is not one, or not as we write them. */
export function recordsOf(file: Buffer): PcapRecord[] {
  const header = [file.readUInt32LE(0), file.readUInt32LE(4), file.readUInt32LE(16), file.readUInt32LE(20)]
  if (header.join() !== [0xa1b23c4d, 0x00040002, 262_144, 1].join()) throw new Error(`file header ${header.join()}`)
  const records: PcapRecord[] = []
  for (let offset = 24; offset < file.length;) {
    const [seconds, nanoseconds, length, originalLength] = [0, 4, 8, 12].map((at) => file.readUInt32LE(offset + at))
    const bytes = file.subarray(offset + 16, offset + 16 + (length ?? 0))
    if (bytes.length !== length || originalLength === undefined) throw new Error(`record at ${offset} is cut off`)
    records.push({ timeNs: (seconds ?? 0) * 1e9 + (nanoseconds ?? 0), originalLength, bytes })
    offset += 16 + length
  }
  return records
}

/** SHA-256 over all frames' bytes in order, each after its length, so that no byte can move to a neighbour. */
export function digestOf(records: readonly PcapRecord[]): string {
  const hash = createHash('sha256')
  for (const { originalLength, bytes } of records) hash.update(`${originalLength} ${bytes.length};`).update(bytes)
  return hash.digest('hex')
}

/** {@link digestOf} where the order does not count. */
export function unorderedDigestOf(records: readonly PcapRecord[]): string {
  return createHash('sha256')
    .update(
      records
        .map((record) => digestOf([record]))
        .sort()
        .join(),
    )
    .digest('hex')
}

export interface Captured {
  results: Results
  /** By file name. */
  files: Map<string, Buffer>
  /** The records of a file. */
  records: (name: string) => PcapRecord[]
}

/** Runs a scenario and keeps what it captures. */
export async function capture(scenario: Scenario): Promise<Captured> {
  const pieces = new Map<string, Uint8Array[]>()
  const results = await simulate(scenario, {
    onCapture: ({ file, bytes }) => {
      const before = pieces.get(file)
      if (before) before.push(bytes)
      else pieces.set(file, [bytes])
    },
  })
  const files = new Map([...pieces].map(([name, bytes]) => [name, Buffer.concat(bytes)]))
  const records = (name: string): PcapRecord[] => {
    const file = files.get(name)
    if (!file) throw new Error(`there is no ${name}; there are ${[...files.keys()].join()}`)
    return recordsOf(file)
  }
  return { results, files, records }
}
