/** Where clients are, for people. */
export function placeText(location: string): string {
  return location === '-' ? 'nowhere known' : location
}
