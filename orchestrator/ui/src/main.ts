/** Starts the web app. */

import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';

const root = document.getElementById('app');
if (!root) throw new Error('index.html has no #app');
mount(App, { target: root });
