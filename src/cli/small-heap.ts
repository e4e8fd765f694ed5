import { setFlagsFromString } from 'node:v8'

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
