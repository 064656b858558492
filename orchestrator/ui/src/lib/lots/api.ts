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

const part = encodeURIComponent;

export const lots = {
  all: () => request<LotSummary[]>('/lots'),
  get: (lot: string, version?: number) => request<LotLayout>(`/lots/${part(lot)}${version === undefined ? '' : `?version=${version}`}`),
  versions: (lot: string) => request<LotVersion[]>(`/lots/${part(lot)}/versions`),
  draw: (lot: string, over: number, layout: GeoJSON.FeatureCollection) =>
    request<LotLayout>(`/lots/${part(lot)}/layout`, { method: 'PUT', body: layout, headers: { 'if-match': `"${over}"` } }),
  add: (layout: GeoJSON.FeatureCollection) => request<LotLayout>('/lots', { method: 'POST', body: layout }),
  sheetsUrl: (lot: string, heightM: number) => `${API_BASE}/lots/${part(lot)}/sheets.pdf?height_m=${heightM}`,
  sheetUrl: (lot: string, beacon: string, heightM: number) => `${API_BASE}/lots/${part(lot)}/sheets/${part(beacon)}.svg?height_m=${heightM}`,
};
