/**
 * What is asked of a still page from inside: these functions travel into it as text, so each stands by itself. axe is in
 * the page already.
 */

interface AxeResult {
  readonly id: string;
  readonly impact?: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

export interface AxeWindow {
  readonly axe: {
    run(options: unknown): Promise<{ readonly violations: readonly AxeResult[] }>;
    setup(): void;
    teardown(): void;
    readonly commons: { readonly text: { accessibleText(element: Element): string } };
  };
  /** Where Tab has been on this page. */
  visited: Element[];
}

/** Violations that axe calls serious or critical, one line for each element. */
export async function seriousViolations(): Promise<readonly string[]> {
  const { axe } = window as unknown as AxeWindow;
  const { violations } = await axe.run({ resultTypes: ['violations'] });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(
        ({ html, failureSummary }) =>
          `${id}: ${html.slice(0, 120)} ${(failureSummary ?? '').split('\n').at(1)?.slice(0, 160) ?? ''}`,
      ),
    );
}

/** Elements that would glide or run although the person wants less motion. */
export function moving(): readonly string[] {
  const lasts = (times: string) => times.split(',').some((time) => Number.parseFloat(time) > 0);
  const elements = [...document.querySelectorAll('*')].filter((element) =>
    [undefined, '::before', '::after'].some((part) => {
      const style = getComputedStyle(element, part);
      return (
        lasts(style.transitionDuration) || (style.animationName !== 'none' && lasts(style.animationDuration))
      );
    }),
  );
  const running = document.getAnimations().map((animation) => `animation ${animation.id}`);
  return [...elements.map((element) => element.outerHTML.slice(0, 80)), ...running];
}

/** Notes where Tab has come to; round when it has been there before. Between the last and the first it is nowhere. */
export function tabStops(): { readonly isRound: boolean; readonly problem?: string } {
  const page = window as unknown as AxeWindow;
  const element = document.activeElement;
  if (!element || element === document.body) return { isRound: false };
  if (page.visited.includes(element)) return { isRound: true };
  page.visited.push(element);
  const html = element.outerHTML.slice(0, 100);
  page.axe.setup();
  const name = page.axe.commons.text.accessibleText(element);
  page.axe.teardown();
  if (name.trim() === '') return { isRound: false, problem: `no name: ${html}` };
  const { outlineStyle, outlineWidth, opacity } = getComputedStyle(element);
  const isSeen = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 && opacity !== '0';
  return isSeen ? { isRound: false } : { isRound: false, problem: `no visible focus: ${html}` };
}

/** Controls in reach of the eye that Tab never came to, and stops that come before what stands before them. */
export function unreached(): readonly string[] {
  const { visited } = window as unknown as AxeWindow;
  const root = document.querySelector('dialog[open]') ?? document;
  const controls = [
    ...root.querySelectorAll<HTMLElement>('button, input, select, summary, a[href], [tabindex="0"]'),
  ];
  const missed = controls.filter((control) => {
    const isRadioOfGroup =
      control instanceof HTMLInputElement && control.type === 'radio' && !control.checked;
    const isOff = control.matches(':disabled') || isRadioOfGroup;
    return control.checkVisibility({ visibilityProperty: true }) && !isOff && !visited.includes(control);
  });
  const isBack = (element: Element, before: Element | undefined) =>
    before !== undefined &&
    (before.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_PRECEDING) !== 0;
  const backs = visited.filter((element, index) => isBack(element, visited[index - 1]));
  // The walk starts where the screen has put the focus, and goes round once.
  const first = Math.max(0, visited.indexOf(backs[0] ?? document.body));
  const order = [...visited.slice(first), ...visited.slice(0, first)];
  const late = backs.slice(1);
  const rowsOf = (part: string) => order.filter((element) => element.closest(part));
  const askew = ['.bar', '.panel', '.preview-form', '.home-main'].flatMap((part) =>
    rowsOf(part).filter((element, index, all) => {
      const before = all[index - 1]?.getBoundingClientRect();
      const box = element.getBoundingClientRect();
      return before && (box.bottom <= before.top || (box.right <= before.left && box.top < before.bottom));
    }),
  );
  const told = (what: string, elements: readonly Element[]) =>
    elements.map((element) => `${what}: ${element.outerHTML.slice(0, 100)}`);
  return [
    ...told('not reached', missed),
    ...told('out of order', late),
    ...told('not where it is seen', askew),
  ];
}
