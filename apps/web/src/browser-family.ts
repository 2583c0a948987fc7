/**
 * Which browser this is, as far as a person has to find a switch in it. Only words depend on it, never what the page does.
 * SPEC P68.
 */

export type BrowserFamily = 'chromium' | 'chromium-phone' | 'firefox' | 'safari' | 'safari-phone';

/** @param touchPoints `navigator.maxTouchPoints`: an iPad calls itself a Mac */
export function browserFamily(userAgent: string, touchPoints = 0): BrowserFamily {
  const isApplePhone = /iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && touchPoints > 1);
  // Every browser of an iPhone is Safari inside, and asks as Safari does.
  if (isApplePhone) return 'safari-phone';
  if (/Firefox\//.test(userAgent)) return 'firefox';
  if (/Chrome\/|Chromium\//.test(userAgent)) {
    return /Android/.test(userAgent) ? 'chromium-phone' : 'chromium';
  }
  return /Safari\//.test(userAgent) ? 'safari' : 'chromium';
}
