import { useEffect } from 'react';

// Takes the place of the package react-style-singleton, through which dialogs
// and menus lock the scrolling of what is behind them. The original adds a
// <style> element, for which the page's policy would have to allow inline
// styles; a constructed style sheet needs no such leave.
export function styleSingleton() {
  let users = 0;
  let sheet;

  function add(css) {
    if (users++ > 0) return;
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets.push(sheet);
  }

  function remove() {
    if (--users > 0) return;
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
  }

  return function Sheet({ styles, dynamic }) {
    useEffect(() => {
      add(styles);
      return remove;
    }, [styles && dynamic]);
    return null;
  };
}
