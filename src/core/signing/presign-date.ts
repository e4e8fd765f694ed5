/**
 * A moment as Signature Version 4 writes it, in UTC and to the second, as in `20130524T000000Z`.
 * `timeMs` is milliseconds since 1970, before the year 10000.
 */
export function signatureDate(timeMs: number): string {
  const seconds = Math.floor(timeMs / 1000)
  const days = Math.floor(seconds / 86_400)
  const inDay = seconds - days * 86_400
  return `${dayText(days)}T${two(inDay / 3600)}${two((inDay / 60) % 60)}${two(inDay % 60)}Z`
}

// Years from March on, so that the leap day is the last one, in eras of 400 years from 0000-03-01:
// Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
function dayText(daysSince1970: number): string {
  const days = daysSince1970 + 719_468
  const era = Math.floor(days / 146_097)
  const inEra = days - era * 146_097
  const yearOfEra = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) /
      365,
  )
  const inYear = inEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * inYear + 2) / 153)
  const day = inYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${String(year).padStart(4, '0')}${two(month)}${two(day)}`
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, '0')
}
