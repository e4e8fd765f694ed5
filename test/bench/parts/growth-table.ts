import type { Chart } from './chart.ts'
import type { GrowthAxis, GrowthSetting } from './growth-settings.ts'
import { settingKey, usual } from './growth-settings.ts'
import type { Table } from './performance-page.ts'
import type { Round } from './rounds.ts'
import { medianOf, spread } from './table.ts'

/** What was measured of one setting, in a process of its own. */
export type Grown = {
  readonly rounds: readonly Round[]
  readonly startsMs: readonly number[]
  readonly idleBytes: number
  readonly busyBytes: number
}

type Axes = readonly (readonly [GrowthAxis, readonly GrowthSetting[]])[]

/** A row for each size of what grows, beside what is usual in the same round. */
export function growthTable(axes: Axes, measured: ReadonlyMap<string, Grown>): Table {
  const base = measured.get(settingKey(usual))!
  const head = ['', 'CPU a request, µs', '× usual', 'p99, ms', 'exec to first answer, ms']
  const rows = axes.flatMap(([axis, settings]) =>
    settings.map((setting) => {
      const grown = measured.get(settingKey(setting))!
      const ratios = grown.rounds.map(({ cpuUs }, at) => cpuUs / base.rounds[at]!.cpuUs)
      return [
        `${setting[axis].toLocaleString('en')} ${setting[axis] === 1 ? axis.slice(0, -1) : axis}`,
        spread(
          grown.rounds.map(({ cpuUs }) => cpuUs),
          1,
        ),
        grown === base ? '1' : spread(ratios, 2),
        spread(
          grown.rounds.map(({ p99Ms }) => p99Ms),
          1,
        ),
        spread(grown.startsMs, 0),
        spread([grown.idleBytes], 0, 1e6),
        spread([grown.busyBytes], 0, 1e6),
      ]
    }),
  )
  return [[...head, 'idle, MB', 'after, MB'], ...rows]
}

/** The same as lines over how many times the least it is, both on logarithmic scales. */
export function growthCharts(axes: Axes, measured: ReadonlyMap<string, Grown>): readonly Chart[] {
  const chart = (
    title: string,
    label: string,
    of: (grown: Grown) => number,
    shown = axes,
  ): Chart => ({
    title,
    x: { label: 'times the least', scale: 'log' },
    y: { label, scale: 'log' },
    series: shown.map(([axis, settings]) => {
      const [least, most] = [settings[0]![axis], settings.at(-1)![axis]]
      return {
        name: `${axis}, ${least.toLocaleString('en')} to ${most.toLocaleString('en')}`,
        points: settings.map((setting) => [
          setting[axis] / least,
          of(measured.get(settingKey(setting))!),
        ]),
      }
    }),
  })
  return [
    chart('Processor time of a request', 'µs', ({ rounds }) =>
      medianOf(rounds.map(({ cpuUs }) => cpuUs)),
    ),
    chart('Resident memory after the load', 'MB', ({ busyBytes }) => busyBytes / 1e6),
    chart(
      'From exec to the first redirect to a mirror',
      'ms',
      ({ startsMs }) => medianOf(startsMs),
      // There are no connections yet.
      axes.filter(([axis]) => axis !== 'connections'),
    ),
  ]
}
