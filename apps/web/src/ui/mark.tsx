/** The mark: people around a shut door. One colour, readable at 16 px. */

const DOTS = Array.from({ length: 8 }, (_, index) => {
  const angle = (index * Math.PI) / 4;
  return { x: 16 + 12 * Math.sin(angle), y: 16 - 12 * Math.cos(angle) };
});

export function Mark({ size = 20 }: { readonly size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" fill="currentColor" aria-hidden="true">
      {DOTS.map(({ x, y }) => (
        <circle key={`${x} ${y}`} cx={x} cy={y} r="2.6" />
      ))}
      <path d="M16 10.2a3.7 3.7 0 0 0-1.9 6.9L13 21.6h6l-1.1-4.5a3.7 3.7 0 0 0-1.9-6.9Z" />
    </svg>
  );
}
