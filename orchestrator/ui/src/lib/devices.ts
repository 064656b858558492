/** Browsers and devices that may act for somebody: one's own, and those of guards for whoever runs the site. */

import { request } from './api';

export interface Device {
  id: string;
  kind: 'browser' | 'terminal';
  name: string;
  created_at_ms: number;
  seen_at_ms?: number;
  current: boolean;
}

export interface GuardDevices {
  guard: string;
  name: string;
  devices: Device[];
}

const part = encodeURIComponent;

export const devices = {
  own: () => request<Device[]>('/devices'),
  end: (device: string) => request<void>(`/devices/${part(device)}`, { method: 'DELETE' }),
  endOthers: () => request<{ ended: number }>('/devices', { method: 'DELETE' }),
  ofGuards: () => request<GuardDevices[]>('/guards/terminals'),
  endOfGuard: (guard: string, device: string) => request<void>(`/guards/${part(guard)}/terminals/${part(device)}`, { method: 'DELETE' }),
  endAllOfGuard: (guard: string) => request<{ ended: number }>(`/guards/${part(guard)}/terminals`, { method: 'DELETE' }),
};
