import type { Command } from './command.ts'

/** A command by its name: what `nearport --help` says of it, and where it is had. */
export type NamedCommand = {
  readonly summary: string
  /** It is loaded when it is called: what one command stands on is nothing to the others. */
  readonly load: () => Promise<Command>
  /** Whether memory is worth more to it than speed, or as much. */
  readonly heap?: 'small' | 'steady'
}

/** Every command there is, in the order that the overview lists them. */
export const commands: Readonly<Record<string, NamedCommand>> = {
  serve: {
    summary: 'answers image pulls (with no configuration: a demonstration)',
    load: async () => (await import('./serve.ts')).serve,
    heap: 'steady',
  },
  sync: {
    summary: 'fills the mirrors and publishes what they hold',
    load: async () => (await import('./sync.ts')).sync,
    heap: 'small',
  },
  audit: {
    summary: 'compares mirrors with what they should hold and with the index, and repairs them',
    load: async () => (await import('./audit.ts')).audit,
    heap: 'small',
  },
  prune: {
    summary: 'deletes from mirrors what no image needs any more, in two steps',
    load: async () => (await import('./prune.ts')).prune,
    heap: 'small',
  },
  mirrors: {
    summary: 'shows, makes and checks mirrors, and goes back to an earlier index',
    load: async () => (await import('./mirrors.ts')).mirrors,
  },
  ranges: {
    summary:
      "looks up whose an address is; compiles, verifies and shows the clouds' published ranges",
    load: async () => (await import('./ranges.ts')).ranges,
  },
  estimate: {
    summary: 'tells from access logs what mirrors would save, before there is one',
    load: async () => (await import('./estimate.ts')).estimate,
  },
  report: {
    summary: 'says what stayed home, in bytes and dollars, and what would keep more',
    load: async () => (await import('./report.ts')).report,
  },
  explain: {
    summary: 'prints the decision for an address and a path, and every step to it',
    load: async () => (await import('./explain.ts')).explain,
  },
  doctor: {
    summary: 'looks at everything that nearport needs, and says what mends what is wrong',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  hosts: {
    summary: 'lists every host that clients may be sent to, for firewalls and bucket policies',
    load: async () => (await import('./hosts.ts')).hosts,
  },
  'client-config': {
    summary: 'prints the file that a node wants so that its pulls go through nearport',
    load: async () => (await import('./client-config.ts')).clientConfig,
  },
}
