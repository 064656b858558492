/** MapLibre with its worker from our own bundle; without `setWorkerUrl` a production build stays blank. */

import * as maplibre from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';

maplibre.setWorkerUrl(workerUrl);

export { maplibre };
