/** The server's lots: seen, drawn anew, put back. */

import { API_BASE, request } from '../api';

export interface LotSummary {
  id: string;
  name: string;
  version: number;
  areas: number;
  bays: number;
  beacons: number;
}

export interface LotLayout {
  id: string;
  name: string;
  version: number;
  drawn_at_ms?: number;
  drawn_by?: string;
  layout: GeoJSON.FeatureCollection;
}

export interface LotVersion {
  version: number;
  drawn_at_ms: number;
  drawn_by: string;
}

/** What sheets are made for unless something else is asked for. */
export interface SheetSight {
  height_m: number;
  /** Across the picture of the configured camera. */
  pixels: number;
  view_deg: number;
}

const part = encodeURIComponent;

export const lots = {
  all: () => request<LotSummary[]>('/lots'),
  get: (lot: string, version?: number) => request<LotLayout>(`/lots/${part(lot)}${version === undefined ? '' : `?version=${version}`}`),
  versions: (lot: string) => request<LotVersion[]>(`/lots/${part(lot)}/versions`),
  draw: (lot: string, over: number, layout: GeoJSON.FeatureCollection) =>
    request<LotLayout>(`/lots/${part(lot)}/layout`, { method: 'PUT', body: layout, headers: { 'if-match': `"${over}"` } }),
  add: (layout: GeoJSON.FeatureCollection) => request<LotLayout>('/lots', { method: 'POST', body: layout }),
  sheetSight: (lot: string) => request<SheetSight>(`/lots/${part(lot)}/sheets`),
  sheetsUrl: (lot: string, heightM?: number) => `${API_BASE}/lots/${part(lot)}/sheets.pdf${heightM === undefined ? '' : `?height_m=${heightM}`}`,
  /** For the camera and the height that surveys fly at. */
  sheetUrl: (lot: string, beacon: string) => `${API_BASE}/lots/${part(lot)}/sheets/${part(beacon)}.svg`,
};
