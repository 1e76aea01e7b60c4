/** 32 bits as people compare them: 8 digits, whether they are a checksum or a float's. */
export function hexWord(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
