/** Hears of every step to a decision, in the words of `nearport explain`. */
export type Tell = (step: string) => void
