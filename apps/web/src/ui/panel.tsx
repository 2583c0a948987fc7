/** A panel beside the stage, a sheet on phones; Escape closes it, and focus goes back to its button. SPEC P60. */
import { X } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';

export function Panel({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const panel = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const element = panel.current;
    const opener = document.activeElement;
    element?.focus();
    return () => returnFocus(element, opener);
  }, []);
  // Before the panel is painted: a key pressed at once counts.
  useLayoutEffect(() => {
    const closeByKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !document.querySelector('dialog[open]')) onClose();
    };
    document.addEventListener('keydown', closeByKey);
    return () => document.removeEventListener('keydown', closeByKey);
  });
  return (
    <aside ref={panel} class="panel" aria-label={title} tabIndex={-1}>
      <header class="panel-head">
        <h2>{title}</h2>
        <button type="button" class="round quiet" aria-label="Close" onClick={onClose}>
          <Icon node={X} />
        </button>
      </header>
      <div class="panel-body">{children}</div>
    </aside>
  );
}

/** Only when focus would be lost otherwise: who went elsewhere stays there. */
function returnFocus(panel: HTMLElement | null, opener: Element | null): void {
  const { activeElement } = document;
  if (activeElement && activeElement !== document.body && !panel?.contains(activeElement)) return;
  const target = opener?.isConnected ? opener : document.querySelector('.bar button');
  if (target instanceof HTMLElement) target.focus();
}
