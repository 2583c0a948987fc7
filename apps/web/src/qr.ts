/** A link as a QR code: one path of unit squares, drawn by the page itself. SPEC P62. */
import qrcode from 'qrcode-generator';

export interface QrDrawing {
  /** Data of an SVG path. */
  readonly path: string;
  /** Width and height, the quiet zone included. */
  readonly sizeModules: number;
}

/** The standard (ISO/IEC 18004) asks for four light modules around the code. */
const QUIET_MODULES = 4;

export function drawQr(text: string): QrDrawing {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  const count = code.getModuleCount();
  let path = '';
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) {
      let length = 0;
      while (column + length < count && code.isDark(row, column + length)) length += 1;
      if (length === 0) continue;
      path += `M${column + QUIET_MODULES} ${row + QUIET_MODULES}h${length}v1h-${length}z`;
      column += length;
    }
  }
  return { path, sizeModules: count + 2 * QUIET_MODULES };
}
