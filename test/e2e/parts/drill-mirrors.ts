import type { Drill } from './drill.ts'
import { mirrorOut } from './drill.ts'
import type { Fault } from './drill-face.ts'

const what = 'the mirror near the client'

const one = (how: string, fault: Fault, said: string): Drill => ({
  what,
  how,
  begin: ({ faces }) => faces.east.suffer(fault),
  sight: mirrorOut('aws/us-east-1', said),
})

/** Mirrors that are stopped, slow, refuse, and lie. */
export const mirrorDrills: readonly Drill[] = [
  { ...one('stopped', { kind: 'stopped' }, 'ECONNREFUSED'), client: 'containerd' },
  one('takes connections and never answers', { kind: 'hangs' }, 'no answer in 500 ms'),
  one('slow', { kind: 'slow', delayMs: 350 }, 'failed or took too long'),
  one('503 to everyone', { kind: 'refuses', status: 503 }, 'answered 503'),
  one('403 to everyone', { kind: 'refuses', status: 403 }, 'answered 403'),
  {
    what,
    how: 'sends other bytes',
    begin: ({ faces }) =>
      faces.east.suffer({
        kind: 'lies',
        body: (path) => (path.startsWith('/containers/') ? 'other bytes' : undefined),
      }),
    sight: 'nothing: no blob’s bytes go through nearport',
    none: { why: 'clients refuse what has another digest', said: /sha256|digest|size/ },
  },
  {
    what: 'every mirror',
    how: 'stopped',
    begin: async ({ faces }) => {
      await faces.east.suffer({ kind: 'stopped' })
      await faces.ireland.suffer({ kind: 'stopped' })
    },
    sight: mirrorOut('aws/eu-west-1', 'ECONNREFUSED'),
  },
]
