import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Drill } from './drill.ts'
import { configRefused, indexProblem, rangesFailed, rangesRefused } from './drill.ts'
import { flipBit, lackOne, ofNextVersion, withOtherPorts } from './drill-index.ts'
import { lyingRanges, soundRanges } from './drill-ranges.ts'

const ranges = (how: keyof typeof lyingRanges, said: string): Drill => ({
  what: 'the document of AWS’s ranges',
  how,
  begin: ({ giveRanges }) => giveRanges(lyingRanges[how]),
  sight: rangesRefused(said),
})

/** The source of ranges stopped and slow, and documents that must not be taken. */
export const rangesDrills: readonly Drill[] = [
  {
    what: 'the source of AWS’s ranges',
    how: 'stopped',
    begin: async ({ faces, serve }) => {
      await faces.ranges.suffer({ kind: 'stopped' })
      await serve.forward()
    },
    sight: rangesFailed('ECONNREFUSED'),
  },
  {
    what: 'the source of AWS’s ranges',
    how: 'takes connections and never answers',
    begin: async ({ faces, serve }) => {
      await faces.ranges.suffer({ kind: 'hangs' })
      await serve.forward()
      // It has to have asked before its patience can be over.
      await sleep(300)
      await serve.forward()
    },
    sight: rangesFailed('wanted a document within 60000 ms'),
  },
  ranges('cut in half', 'refused'),
  ranges('emptied', 'refused'),
  ranges('last year’s', 'wanted a document newer than'),
  ranges('next year’s', 'wanted a document that is made already'),
  {
    ...ranges('two regions exchanged', 'moved, got'),
    end: async ({ giveRanges, seen }) => {
      await giveRanges(soundRanges)
      await seen('ranges', '"outcome":"updated"')
    },
  },
]

const futureGeneration = Date.UTC(2126)

/** Indexes that are damaged, of others, and ahead of their time. */
export const indexDrills: readonly Drill[] = [
  {
    what: 'the index',
    how: 'one bit the other way round',
    begin: ({ publish }) => publish({ damage: flipBit }),
    sight: indexProblem('wanted SHA-256'),
    end: ({ publish }) => publish(),
  },
  {
    what: 'the index',
    how: 'of a version that is not known yet',
    begin: ({ publish }) => publish({ change: ofNextVersion }),
    sight: indexProblem('version'),
    end: ({ publish }) => publish(),
  },
  {
    what: 'the index',
    how: 'its pointer in a mirror cut in half',
    begin: ({ faces }) =>
      faces.east.suffer({
        kind: 'lies',
        body: (path) => (path.endsWith('/current.json') ? '{"generation":' : undefined),
      }),
    sight: indexProblem('wanted JSON'),
  },
  {
    what: 'the index',
    how: 'of a foreign deployment, whose mirrors are elsewhere',
    begin: ({ publish }) => publish({ change: withOtherPorts('831', '839') }),
    sight: {
      event: ['index', 'the index does not name it at its URL'],
      metric: ['nearport_mirror_healthy{mirror="aws/us-east-1"}', 0],
      alert: 'NearportMirrorLeftOut',
    },
    end: ({ publish }) => publish(),
  },
  {
    what: 'the index',
    how: 'whole, and of the year 2126',
    begin: ({ publish }) => publish({ generation: futureGeneration, change: lackOne }),
    sight: {
      event: ['index', 'loaded'],
      metric: ['nearport_index_generation', futureGeneration],
    },
    // It is not the last one for a hundred years.
    end: async ({ nearport, seen }) => {
      const generation = Number((await nearport.sync())['generation'])
      if (generation <= futureGeneration) throw new Error(`sync published ${generation}`)
      await seen('index', String(generation))
    },
  },
]

/** The configuration's file, as hands and editors leave it. */
export const configDrills: readonly Drill[] = [
  {
    what: 'the configuration',
    how: 'a typo in one mirror',
    begin: ({ spoil }) => spoil((text) => text.replace('"publicUrl"', '"publicURL"')),
    sight: configRefused('publicURL'),
    end: ({ take }) => take(),
  },
  {
    what: 'the configuration',
    how: 'half written',
    begin: ({ spoil }) => spoil((text) => text.slice(0, text.length / 2)),
    sight: configRefused('refused'),
    end: ({ take }) => take(),
  },
  {
    what: 'the configuration',
    how: 'removed',
    begin: async ({ nearport, serve }) => {
      await rm(nearport.configFile)
      serve.reload()
    },
    sight: configRefused('refused'),
    end: ({ take }) => take(),
  },
]
