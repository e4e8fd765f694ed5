import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/**
 * Has the heap grow slowly from now on. A run over a large registry makes gigabytes of garbage and
 * keeps tens of megabytes; V8 would let that garbage gather to half a gigabyte for the sake of
 * speed, on the small machine that a cron job runs on. It costs about a quarter of the CPU time of a
 * walk, and halves its memory (`npm run bench -- sync-scale`). To be called before there is a heap
 * to speak of: it takes nothing back.
 */
export function keepHeapSmall(): void {
  // New objects get what they have at the start, and what outlives them 1.6 times what it needs.
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=60')
}

/** Room for new objects, both halves. */
const youngBytes = 8 * 1024 * 1024
const lookEveryMs = 100

/**
 * Holds the room for new objects at 8 MB for as long as the process lives: it may grow to that, and no
 * further. V8 gives it 134 MB where a machine has the memory for that, and a service whose garbage is
 * gone with each request fills what it has before it looks. V8 takes room back, too, when little is
 * asked for a while, so this is looked at again and again: held at the 2 MB that were left once, new
 * objects went among the old ones before their time, which grew to 128 MB and were gathered every six
 * seconds (`npm run bench -- soak`, 8,800 requests a second). 16 MB cost 6 MB of memory more, and save no
 * CPU that is seen beside the machine's own ups and downs.
 */
export function keepYoungSpaceSteady(): void {
  // Bun has another engine, with a heap of another kind.
  if (process.versions['bun'] !== undefined) return
  setFlagsFromString('--heap-growing-percent=100')
  let mayGrow = true
  const look = () => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
    const isSmall = (young?.space_size ?? 0) < youngBytes
    if (isSmall === mayGrow) return
    mayGrow = isSmall
    setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`)
  }
  setInterval(look, lookEveryMs).unref()
}
