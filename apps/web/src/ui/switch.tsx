/** Something that is on or off, with a word on what that changes. */
import { useId } from 'preact/hooks';

export function Switch({
  label,
  note,
  isOn,
  onChange,
}: {
  readonly label: string;
  readonly note: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}) {
  const noteId = useId();
  return (
    <label class="switch">
      <input
        type="checkbox"
        role="switch"
        aria-checked={isOn}
        aria-label={label}
        aria-describedby={noteId}
        checked={isOn}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>
        {label}
        <small id={noteId}>{note}</small>
      </span>
    </label>
  );
}
