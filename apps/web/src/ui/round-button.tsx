/** A round button with an icon: its name for screen readers, as a tip on hover and focus, and in short under the icon. */
import type { IconNode } from 'lucide';
import { Icon } from './icon.tsx';

export interface RoundButtonProps {
  /** The accessible name: part of the product. */
  readonly label: string;
  /** Under the icon, where words are shown; a part of the name, for who steers by voice. */
  readonly short?: string;
  readonly node: IconNode;
  readonly class?: string;
  readonly count?: number | undefined;
  readonly isExpanded?: boolean;
  readonly isDisabled?: boolean;
  readonly onClick: () => void;
}

export function RoundButton(props: RoundButtonProps) {
  const { label, short = label, node, count, isExpanded, isDisabled = false, onClick } = props;
  return (
    <button
      type="button"
      class={`round ${props.class ?? ''} ${isExpanded ? 'is-open' : ''}`}
      aria-label={label}
      aria-expanded={isExpanded}
      data-tip={label}
      disabled={isDisabled}
      onClick={onClick}
    >
      <Icon node={node} />
      {count !== undefined && <span class="count" data-count={count} aria-hidden="true" />}
      <span class="short" aria-hidden="true">
        {short}
      </span>
    </button>
  );
}
