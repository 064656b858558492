/** The address bar: which page is shown. */

class Router {
  path = $state(typeof location === 'undefined' ? '/' : location.pathname);

  constructor() {
    if (typeof window === 'undefined') return;
    window.addEventListener('popstate', () => (this.path = location.pathname));
  }

  go(path: string): void {
    if (path === this.path) return;
    history.pushState(null, '', path);
    this.path = path;
    window.scrollTo(0, 0);
  }
}

export const router = new Router();

/** For `<a use:link>`: follows links inside the app without loading it again. */
export function link(anchor: HTMLAnchorElement): void {
  anchor.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    router.go(new URL(anchor.href).pathname);
  });
}
