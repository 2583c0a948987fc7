/** Where a browser hides the switch for camera and microphone: its address bar, with a ring around the place. SPEC P68. */
import type { BrowserFamily } from '../browser-family.ts';

const SIGNS: Readonly<Record<BrowserFamily, 'sliders' | 'camera' | 'menu' | 'page'>> = {
  chromium: 'sliders',
  'chromium-phone': 'sliders',
  firefox: 'camera',
  safari: 'menu',
  'safari-phone': 'page',
};

export function PermissionDrawing({ browser }: { readonly browser: BrowserFamily }) {
  const sign = SIGNS[browser];
  return (
    <svg class="permission" viewBox="0 0 280 56" aria-hidden="true">
      {sign === 'menu' ? <MenuBar /> : <AddressBar sign={sign} />}
    </svg>
  );
}

function AddressBar({ sign }: { readonly sign: 'sliders' | 'camera' | 'page' }) {
  return (
    <g>
      <rect class="permission-bar" x="8" y="10" width="264" height="36" rx="18" />
      <rect class="permission-text" x="60" y="24" width="120" height="8" rx="4" />
      <circle class="permission-ring" cx="32" cy="28" r="18" />
      {sign === 'sliders' && (
        <g class="permission-sign">
          <path d="M24 24h6M36 24h4M24 32h3M33 32h7" />
          <circle cx="33" cy="24" r="2.6" />
          <circle cx="30" cy="32" r="2.6" />
        </g>
      )}
      {sign === 'camera' && (
        <g class="permission-sign">
          <path d="M23 24.5h11v8H23zM34 27l6-3v9l-6-3M22 20l18 16" />
        </g>
      )}
      {sign === 'page' && (
        <g class="permission-sign">
          <path d="M24 21h16v9H24zM24 34h16M24 37.5h10" />
        </g>
      )}
    </g>
  );
}

function MenuBar() {
  return (
    <g>
      <rect class="permission-bar" x="8" y="10" width="264" height="36" rx="8" />
      <circle class="permission-text" cx="28" cy="28" r="6" />
      <text class="permission-word" x="52" y="33">
        Safari
      </text>
      <rect class="permission-text" x="116" y="24" width="40" height="8" rx="4" />
      <rect class="permission-text" x="172" y="24" width="40" height="8" rx="4" />
      <rect class="permission-ring" x="44" y="12" width="60" height="32" rx="12" />
    </g>
  );
}
