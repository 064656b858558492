/** The little HTML signs on the map: a shape and a colour per kind, a name for everybody who cannot see either. */

import type { SiteLabel } from './labels';
import type { MarkerKind, SceneMarker } from './scene';

const SVG = 'http://www.w3.org/2000/svg';

const shapes: Record<MarkerKind, string> = {
  caller: 'M12 4.500a3.300 3.300 0 1 0 0 6.600 3.300 3.300 0 0 0 0-6.600ZM5.800 19.500a6.200 6.200 0 0 1 12.400 0Z',
  guard: 'M12 3.500 5.500 6v5c0 4.200 2.600 7.400 6.500 9.500 3.900-2.100 6.500-5.300 6.500-9.500V6L12 3.500Z',
  drone: 'M12 2.500 17.500 19 12 15.800 6.500 19Z',
  station: 'M5 19v-7l7-6 7 6v7Z',
  self: 'M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14Z',
};

/** A name on the map that nobody can press. */
export function labelElement(label: SiteLabel): HTMLElement {
  const element = document.createElement('span');
  element.className = `site-label ${label.kind}`;
  element.textContent = label.text;
  return element;
}

/** The element of a new marker. */
export function markerElement(marker: SceneMarker): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  const sign = document.createElementNS(SVG, 'svg');
  sign.setAttribute('viewBox', '0 0 24 24');
  sign.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', shapes[marker.kind]);
  sign.append(path);
  const disc = document.createElement('span');
  disc.className = 'disc';
  disc.append(sign);
  const name = document.createElement('span');
  name.className = 'name';
  button.append(disc, name);
  return button;
}

/** Brings an element up to date with what it marks. */
export function updateMarkerElement(element: HTMLElement, marker: SceneMarker, onPick: ((marker: SceneMarker) => void) | null): void {
  const classes: Record<string, boolean> = {
    stale: marker.stale ?? false,
    selected: marker.selected ?? false,
    urgent: marker.urgent ?? false,
    idle: marker.idle ?? false,
    lit: marker.light === 'lit',
    labelled: marker.showLabel ?? false,
    inert: onPick === null,
  };
  element.classList.add('mark', marker.kind);
  for (const [name, on] of Object.entries(classes)) element.classList.toggle(name, on);
  element.setAttribute('aria-label', marker.label);
  element.dataset.marker = marker.id;
  (element as HTMLButtonElement).tabIndex = onPick === null ? -1 : 0;
  element.onclick = (event) => {
    if (!onPick) return;
    event.stopPropagation();
    onPick(marker);
  };
  const name = element.querySelector('.name');
  if (name && name.textContent !== marker.label) name.textContent = marker.label;
  const sign = element.querySelector('svg');
  if (sign && marker.headingDeg != null) sign.style.transform = `rotate(${marker.headingDeg.toFixed(1)}deg)`;
}
